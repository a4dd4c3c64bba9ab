//! Images of any files with any whitelists: the plan is a tree, and no link leads to a link.
#![no_main]

use std::collections::BTreeMap;

use appc_spec::render::{Candidate, Origin, PathEntry, PathKind, RenderLimits, RenderOrder, RenderPlan};
use appc_spec::{Dependency, ImageId, ImageManifest, Labels};
use libfuzzer_sys::fuzz_target;

fn id(index: usize) -> ImageId {
    format!("sha512-{index:0128x}").parse().unwrap()
}

/// Each line is an image: words are its files (`d/` a directory, `a=b` a hard link), `+N` a dependency, `!path` of its whitelist.
fuzz_target!(|text: &str| {
    let mut manifests = Vec::new();
    let mut files: Vec<Vec<PathEntry>> = Vec::new();
    for (index, line) in text.lines().take(6).enumerate() {
        let mut manifest = ImageManifest::new(format!("i{index}").parse().unwrap());
        let mut entries: Vec<PathEntry> = Vec::new();
        for word in line.split(' ').take(24) {
            if let Some(number) = word.strip_prefix('+') {
                let Ok(image_name) = format!("i{number}").parse() else { continue };
                manifest.dependencies.push(Dependency { image_name, image_id: None, labels: Labels::default(), size: 0 });
            } else if let Some(path) = word.strip_prefix('!') {
                manifest.path_whitelist.push(path.to_owned());
            } else {
                let (path, kind) = match word.split_once('=') {
                    Some((path, target)) => (path, PathKind::HardLink(target.as_bytes().into())),
                    None if word.ends_with('/') => (word.trim_end_matches('/'), PathKind::Directory),
                    None => (word, PathKind::File),
                };
                // As the reader of archives gives them.
                let normal = !path.split('/').any(|part| matches!(part, "" | "." | ".."));
                if normal && !entries.iter().any(|known| *known.path == *path.as_bytes()) {
                    entries.push(PathEntry::new(path, kind));
                }
            }
        }
        manifests.push(manifest);
        files.push(entries);
    }
    let Some(root) = manifests.first() else { return };
    let position = |name: &str| manifests.iter().position(|manifest| manifest.name == *name);
    let order = RenderOrder::of(Candidate::new(id(0), root.clone()), &RenderLimits::STANDARD, &mut |wanted| {
        let index = position(wanted.image_name.as_str())?;
        Some(Candidate::new(id(index), manifests[index].clone()))
    });
    let Ok(order) = order else { return };
    let of = |image: &ImageId| (0..files.len()).find(|index| id(*index) == *image).unwrap();
    let Ok(plan) = RenderPlan::new(&order, &mut |image| files[of(image)].clone()) else { return };
    let is_directory = |origin: &Origin<'_>| match origin {
        Origin::Implied => true,
        Origin::Entry { image, entry } => files[of(&plan.images()[*image])][*entry].kind == PathKind::Directory,
        _ => false,
    };
    let paths: BTreeMap<&[u8], Origin<'_>> = plan.paths().collect();
    for (path, origin) in &paths {
        if let Some(slash) = path.iter().rposition(|byte| *byte == b'/') {
            assert!(is_directory(&paths[&path[..slash]]));
        }
        if let Origin::Link { to } = origin {
            assert!(matches!(paths[to], Origin::Entry { .. }) && !is_directory(&paths[to]));
        }
    }
});
