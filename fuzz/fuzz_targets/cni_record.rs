//! A stored attachment that reads prints to one that reads as the same.
#![no_main]

use cni_client::attachment::Attachment;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(attachment) = Attachment::parse(text) {
        let again = Attachment::parse(attachment.to_json().as_str());
        assert_eq!(again.map(|again| again.to_json()), Ok(attachment.to_json()));
    }
});
