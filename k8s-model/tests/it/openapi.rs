//! Conversions to and from k8s-openapi.

use k8s_model::decode::{Mode, decode_str};
use k8s_model::encode::to_json;
use k8s_model::object::Object;
use k8s_model::openapi;
use k8s_openapi::api;
use k8s_openapi::serde::Serialize;
use k8s_openapi::serde::de::DeserializeOwned;
use k8s_openapi::{Resource, api::core::v1 as core};

/// An object with every field, there and back, and there again.
fn check<K: Resource + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>() {
    let line = include_str!("../vectors/all-fields.jsonl")
        .lines()
        .find(|line| {
            line.starts_with(&format!(r#"{{"kind":"{}","apiVersion":"{}","#, K::KIND, K::API_VERSION))
        })
        .unwrap_or_else(|| panic!("no {}", K::KIND));
    let ours: Object = decode_str(line, "", Mode::Strict).documents.remove(0).object;
    let theirs: K = openapi::to(&ours).unwrap_or_else(|error| panic!("{error}"));
    let back = openapi::from(&theirs).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(to_json(&back), to_json(&ours), "{}", K::KIND);
    assert_eq!(openapi::to::<K>(&back).unwrap(), theirs);
}

#[test]
fn nothing_is_lost() {
    check::<core::Pod>();
    check::<core::Service>();
    check::<core::Node>();
    check::<core::PersistentVolume>();
    check::<core::PersistentVolumeClaim>();
    check::<core::Event>();
    check::<core::Secret>();
    check::<api::apps::v1::Deployment>();
    check::<api::apps::v1::StatefulSet>();
    check::<api::apps::v1::DaemonSet>();
    check::<api::batch::v1::CronJob>();
    check::<api::networking::v1::Ingress>();
    check::<api::networking::v1::NetworkPolicy>();
    check::<api::autoscaling::v2::HorizontalPodAutoscaler>();
    check::<api::policy::v1::PodDisruptionBudget>();
    check::<api::discovery::v1::EndpointSlice>();
    check::<api::coordination::v1::Lease>();
    check::<api::rbac::v1::ClusterRole>();
    check::<api::storage::v1::CSIDriver>();
    check::<api::node::v1::RuntimeClass>();
}

#[test]
fn what_is_no_manifest_is_refused() {
    let mut claim = core::PersistentVolumeClaim::default();
    let mut resources = core::VolumeResourceRequirements::default();
    let amount = k8s_openapi::apimachinery::pkg::api::resource::Quantity("ten".into());
    resources.requests = Some([("storage".to_owned(), amount)].into());
    claim.spec = Some(core::PersistentVolumeClaimSpec { resources: Some(resources), ..Default::default() });
    assert_eq!(
        openapi::from(&claim).unwrap_err().to_string(),
        "cannot convert a `PersistentVolumeClaim` of `v1`: spec.resources.requests[storage]: unexpected `t` at byte 0 of a quantity: a digit is wanted"
    );
    let pod = Object::empty("v1", "Pod").unwrap();
    let error = openapi::to::<core::Service>(&pod).unwrap_err().to_string();
    assert!(error.starts_with("cannot convert a `Service` of `v1`: "), "{error}");
}
