//! Label selectors, field selectors and taints: what is read is printed and read again as the same.
#![no_main]

use k8s_model::core::Taint;
use k8s_model::selector::{FieldSelector, Labels, Selector, TaintChange};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(selector) = text.parse::<Selector>() {
        let printed = selector.to_string();
        assert_eq!(printed.parse::<Selector>().as_ref(), Ok(&selector), "{printed}");
        let labels = Labels::from([("app".to_owned(), "web".to_owned())]);
        assert_eq!(selector.matches(&labels), selector.compile().matches(&labels));
    }
    if let Ok(selector) = text.parse::<FieldSelector>() {
        let printed = selector.to_string();
        assert_eq!(printed.parse::<FieldSelector>().map(|again| again.to_string()).as_ref(), Ok(&printed));
    }
    if let Ok(taint) = text.parse::<Taint>() {
        assert_eq!(taint.to_string().parse::<Taint>().as_ref(), Ok(&taint));
    }
    let _ = text.parse::<TaintChange>();
});
