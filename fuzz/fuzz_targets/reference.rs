//! An image name that reads means the same in its full form, and in its familiar one unless that looks like something else; an error
//! points into the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_core::image::{Digest, PullPolicy, Reference};

fuzz_target!(|text: &str| {
    match Reference::parse(text) {
        Ok(name) => {
            assert_eq!(name.as_written(), text);
            assert_eq!(name.tag().is_none() && name.digest().is_none(), name.is_name_only());
            let full = name.to_string();
            assert_eq!(Reference::parse(&full).as_ref(), Ok(&name));
            let familiar = name.familiar().to_string();
            let first = name.path().split('/').next().unwrap_or_default().to_owned();
            let identifier = familiar.len() == 64 && familiar.bytes().all(|b| b.is_ascii_hexdigit());
            if name.domain() != "docker.io" || !(first.contains('.') || first == "localhost" || identifier) {
                assert_eq!(Reference::parse(&familiar).as_ref(), Ok(&name), "{familiar}");
            }
            let tagged = name.with_default_tag();
            assert_eq!(Reference::parse(tagged.as_written()).as_ref(), Ok(&tagged));
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.position()), "{error}");
            assert_eq!(PullPolicy::default_for(text), PullPolicy::IfNotPresent);
        }
    }
    match Digest::parse(text) {
        Ok(digest) => assert_eq!(format!("{}:{}", digest.algorithm(), digest.encoded()), text),
        Err(error) => assert!(text.is_char_boundary(error.position()), "{error}"),
    }
});
