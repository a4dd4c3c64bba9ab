//! What is printed reads as the same again.

use appc_spec::{
    AcIdentifier, AcName, AppString, Date, ImageId, ImageManifest, Json, PodUuid, Strength, Volume,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn names(text in "[a-z0-9]([-]?[a-z0-9]){0,20}") {
        let name: AcName = text.parse().unwrap();
        prop_assert_eq!(name.to_string(), text);
    }

    #[test]
    fn identifiers(text in "[a-z0-9]([-._~/]?[a-z0-9]){0,20}") {
        let name: AcIdentifier = text.parse().unwrap();
        prop_assert_eq!(name.to_string(), text);
    }

    #[test]
    fn sanitized_text_is_an_identifier_for_compat(text in "\\PC{0,20}") {
        if let Ok(name) = AcIdentifier::sanitize(&text) {
            prop_assert_eq!(AcIdentifier::parse(name.as_str(), Strength::Compat), Ok(name));
        }
    }

    #[test]
    fn dates(text in "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-](0[1-9]|1[0-9]):[0-5][0-9])") {
        let date: Date = text.parse().unwrap();
        prop_assert_eq!(date.to_string(), text);
    }

    #[test]
    fn image_ids(digest in proptest::collection::vec(any::<u8>(), 64)) {
        let digest: [u8; 64] = digest.try_into().unwrap();
        let id = ImageId::from_digest(&digest);
        prop_assert!(id.is_whole());
        prop_assert_eq!(id.as_str().parse::<ImageId>(), Ok(id));
    }

    #[test]
    fn uuids(number in 1u128..) {
        let text = format!("{number:032x}");
        let uuid: PodUuid = text.parse().unwrap();
        prop_assert_eq!(uuid.to_string().parse::<PodUuid>(), Ok(uuid));
    }

    #[test]
    fn volumes(name in "[a-z]{1,8}", mode in 0u32..0o7777, uid in 0u32..9, read_only in proptest::option::of(any::<bool>())) {
        let mut text = format!("{name},kind=empty,mode={mode:04o},uid={uid}");
        if let Some(read_only) = read_only {
            text += &format!(",readOnly={read_only}");
        }
        let volume: Volume = text.parse().unwrap();
        prop_assert_eq!(&volume.to_string().parse::<Volume>().unwrap(), &volume);
        prop_assert_eq!(Volume::from_json(&volume.to_json(Strength::Strict), Strength::Strict).unwrap(), volume);
    }

    #[test]
    fn app_strings(text in "[a-z]{1,5}(:[a-z0-9.]{1,5})?(,(os|arch)=[a-z]{0,3})?") {
        let app: AppString = text.parse().unwrap();
        prop_assert_eq!(app.to_string(), text);
    }

    /// Whatever stands in strings, both strengths write JSON that reads as the same manifest.
    #[test]
    fn manifests(value in "\\PC{0,12}|[\u{0}-\u{20}<>&\"\\\\\u{2028}]{0,6}", exec in proptest::collection::vec("\\PC{0,8}", 0..3)) {
        let quote = |text: &str| serde_json::to_string(text).unwrap();
        let exec: Vec<String> = exec.iter().map(|word| quote(word)).collect();
        let text = format!(
            r#"{{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "a", "annotations": [{{"name": "x", "value": {}}}],
                "app": {{"exec": [{}], "user": "0", "group": "0"}}}}"#,
            quote(&value), exec.join(", "),
        );
        let manifest = ImageManifest::from_json(&text, Strength::Strict).unwrap();
        for strength in [Strength::Strict, Strength::Compat] {
            let compact = manifest.to_json(strength);
            serde_json::from_str::<serde_json::Value>(&compact).unwrap();
            prop_assert_eq!(&ImageManifest::from_json(&compact, strength).unwrap(), &manifest);
            let pretty = manifest.to_json_pretty(strength);
            prop_assert_eq!(&ImageManifest::from_json(&pretty, strength).unwrap(), &manifest);
        }
    }
}
