//! decode(encode(x)) is x, for objects with any fields set.

use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::encode::{to_json, to_json_pretty, to_yaml};
use k8s_model::expand::{Node, Objects};
use k8s_model::lower::{self, NodeSettings};
use k8s_model::object::Object;
use k8s_model::registry::{self, KINDS, KindInfo};
use k8s_model::schema::{Shape, StructInfo};
use k8s_model::validate::{validate, validate_update, warnings};
use pod_core::pod::Uuid;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Makes values of any shape from a seed.
struct Maker {
    state: u64,
    /// One in so many fields is left out; 0 leaves out none.
    gaps: u64,
}

impl Maker {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64*
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let index = self.below(texts.len() as u64) as usize;
        texts[index]
    }

    fn object(&mut self, kind: &KindInfo) -> Value {
        let mut object = Map::new();
        object.insert("kind".to_owned(), json!(kind.kind));
        object.insert("apiVersion".to_owned(), json!(kind.api_version));
        object.extend(self.fields(kind.fields.unwrap()));
        Value::Object(object)
    }

    fn fields(&mut self, info: &'static StructInfo) -> Map<String, Value> {
        let mut fields = Map::new();
        for field in info.fields {
            if self.gaps == 0 || self.below(self.gaps) > 0 {
                fields.insert(field.name.to_owned(), self.value(&(field.shape)()));
            }
        }
        fields
    }

    fn value(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::String => json!(self.pick(TEXTS)),
            Shape::Bool => json!(self.gaps == 0 || self.below(2) == 0),
            Shape::Int32 => json!([1, 7, i32::MAX, i32::MIN][self.below(4) as usize]),
            Shape::Int64 => json!([1, 30, i64::MAX, i64::MIN][self.below(4) as usize]),
            Shape::Bytes => json!(self.pick(&["AA==", "aGVsbG8=", "/+8="])),
            Shape::Enum(values) => {
                let known = self.pick(values);
                json!(if self.below(3) == 0 { "somethingNew" } else { known })
            }
            Shape::Quantity => {
                // What is not canonical enough is rewritten.
                let texts = ["1", "500m", "64Mi", "1e3", "0", "0.1"];
                json!(self.pick(if self.gaps == 0 { &texts[..5] } else { &texts }))
            }
            Shape::IntOrString => match self.below(3) {
                0 => json!(8080),
                1 => json!("8080"),
                _ => json!("http"),
            },
            Shape::Time => {
                json!(self.pick(&["2026-11-25T12:00:00Z", "1969-12-31T23:59:59Z", "2000-02-29T00:00:00Z"]))
            }
            Shape::MicroTime => {
                json!(self.pick(&[
                    "2026-11-25T12:00:00.000001Z",
                    "1969-12-31T23:59:59.999999Z",
                    "2000-02-29T00:00:00.000000Z"
                ]))
            }
            Shape::Any => {
                json!({"f:metadata": {"f:labels": {".": {}, "k:{\"name\":\"a\"}": [1, 1.5, null, true]}}})
            }
            Shape::Struct(info) => Value::Object(self.fields(info)),
            Shape::List(element) => {
                let count = 1 + self.below(2);
                (0..count).map(|_| self.value(&element())).collect()
            }
            Shape::Map(value) => {
                let keys = [self.pick(TEXTS), self.pick(TEXTS)];
                Value::Object(keys.iter().map(|key| ((*key).to_owned(), self.value(&value()))).collect())
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Texts that YAML readers like to take for something else.
const TEXTS: &[&str] = &[
    "web",
    "yes",
    "n",
    "null",
    "~",
    "true",
    "0644",
    "1_000",
    "1e3",
    "1:30",
    "2026-01-01",
    "10.0.0.1",
    "a: b",
    "a #b",
    "#a",
    "- a",
    "-",
    "--- a",
    "...",
    " a",
    "a ",
    "a\nb",
    "a\nb\n",
    "a\n\n",
    "\na",
    "  a\n b",
    "tab\tin",
    "\ttab",
    "it's",
    "\"q\"",
    "é",
    "日本\n語",
    "\u{feff}x",
    "\u{2028}",
    "a\u{7f}",
    "a\rb",
    "\\",
    "%x",
    "@x",
    "`x",
    "!x",
    "&x",
    "*x",
    "|",
    ">",
    "[x]",
    "{x}",
    "?",
    "? x",
    ":",
    ":x",
    "x:",
    "=",
    "<<",
    ",",
    "$(VAR)",
    "0x1F",
    "+1",
    ".5",
    ".inf",
    "a\tb\nc",
    "trailing \nspace",
    "a\u{1}b",
    "NaN",
    "0o7",
    "12e03",
];

fn decode(text: &str) -> Object {
    let decoded = decode_str(text, "test", Mode::Strict);
    assert!(
        decoded.problems.is_empty(),
        "{:?}\n{text}",
        decoded.problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    assert_eq!(decoded.documents.len(), 1, "{text}");
    decoded.documents.into_iter().next().unwrap().object
}

fn round_trip(value: &Value) -> Object {
    let object = decode(&value.to_string());
    for text in [to_json(&object), to_json_pretty(&object), to_yaml(&object)] {
        assert_eq!(decode(&text), object, "{text}");
    }
    object
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_is_read_back(seed in 1..u64::MAX, gaps in 0..4_u64) {
        let mut maker = Maker { state: seed, gaps: if gaps == 0 { 0 } else { gaps + 1 } };
        let pod = registry::kind("v1", "Pod").unwrap();
        let any = &KINDS[maker.below(KINDS.len() as u64) as usize];
        for kind in [pod, any] {
            round_trip(&maker.object(kind));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever an object says, of whatever kind, defaulting twice is defaulting once, and nothing panics on the way.
    #[test]
    fn defaulting_is_idempotent_and_nothing_panics(seed in 1..u64::MAX, gaps in 0..6_u64) {
        let gaps = if gaps == 0 { 0 } else { gaps + 1 };
        for kind in KINDS {
            let mut once = decode(&Maker { state: seed, gaps }.object(kind).to_string());
            default(&mut once);
            let mut twice = once.clone();
            default(&mut twice);
            prop_assert_eq!(&once, &twice);
            // What was defaulted is what is read back, too.
            prop_assert_eq!(&decode(&to_json(&once)), &once);
            let _ = (validate(&once), warnings(&once), validate_update(&once, &twice));
        }
    }

    /// Whatever a pod says, lowering it does not panic.
    #[test]
    fn lowering_never_panics(seed in 1..u64::MAX, gaps in 0..6_u64) {
        let mut maker = Maker { state: seed, gaps: if gaps == 0 { 0 } else { gaps + 1 } };
        let mut once = decode(&maker.object(registry::kind("v1", "Pod").unwrap()).to_string());
        default(&mut once);
        let Object::Pod(pod) = &once else { panic!("no pod") };
        let node = Node { name: "n".into(), cpu_milli: 1, memory: 0, ephemeral_storage: 0 };
        let _ = lower::pod(pod, Uuid::nil(), &NodeSettings::new(node), &Objects::default());
    }
}

/// With every field set, what is written is what was read: nothing is lost, nothing is added.
#[test]
fn an_object_with_every_field_is_kept_whole() {
    for (seed, kind) in (1..).zip(KINDS.iter().chain(KINDS)) {
        let mut maker = Maker { state: seed * 7919, gaps: 0 };
        let value = maker.object(kind);
        let object = round_trip(&value);
        let written: Value = serde_json::from_str(&to_json(&object)).unwrap();
        assert_eq!(written, value, "{}", kind.kind);
    }
}

#[test]
fn json_is_written_in_gos_order_and_yaml_reads_well() {
    let text = "
spec:
  containers:
  - image: busybox
    name: c
    args: [-c, 'echo \"hi\"', 'yes', '0644', 'a: b']
    env:
    - {name: SCRIPT, value: \"a\\nb\\n\"}
metadata: {name: p, labels: {app: web}}
kind: Pod
apiVersion: v1
";
    let object = decode(text);
    assert_eq!(
        to_json(&object),
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"busybox","args":["-c","echo \"hi\"","yes","0644","a: b"],"env":[{"name":"SCRIPT","value":"a\nb\n"}],"resources":{}}]},"status":{}}"#
    );
    assert_eq!(
        to_yaml(&object),
        "\
kind: Pod
apiVersion: v1
metadata:
  name: p
  labels:
    app: web
spec:
  containers:
  - name: c
    image: busybox
    args:
    - -c
    - echo \"hi\"
    - \"yes\"
    - \"0644\"
    - \"a: b\"
    env:
    - name: SCRIPT
      value: |
        a
        b
    resources: {}
status: {}
"
    );
}
