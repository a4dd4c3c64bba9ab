//! Isolators as they stand on a command line.

use std::str::FromStr;

use super::{Isolator, IsolatorValue};
use crate::json::Writer;
use crate::parameters::Parameters;
use crate::{Json, ParseParameterError, Strength};

impl FromStr for Isolator {
    type Err = ParseParameterError;

    /// Reads `name,value` where the value is a number or a boolean, else `name,key=value,…`, as on actool's command line
    /// (`--isolators`); a `set` has `+` between its items:
    ///
    /// ```
    /// use appc_spec::Isolator;
    ///
    /// for (text, json) in [
    ///     ("resource/cpu,request=50m,limit=100m", r#"{"request":"50m","limit":"100m"}"#),
    ///     ("resource/block-iops,default=true,limit=1k", r#"{"default":true,"limit":"1k"}"#),
    ///     ("os/linux/oom-score-adj,-100", "-100"),
    ///     ("os/linux/no-new-privileges,true", "true"),
    ///     ("os/linux/capabilities-retain-set,set=CAP_CHOWN+CAP_KILL", r#"{"set":["CAP_CHOWN","CAP_KILL"]}"#),
    ///     ("os/unix/sysctl,net.ipv4.tcp_mtu_probing=1", r#"{"net.ipv4.tcp_mtu_probing":"1"}"#),
    /// ] {
    ///     assert_eq!(text.parse::<Isolator>()?.json(), json);
    /// }
    /// # Ok::<(), appc_spec::ParseParameterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// On a name that the specification does not have, a part without `=`, and a value that the isolator does not take.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, rest) = text.split_once(',').unwrap_or((text, ""));
        let parameters = Parameters::split("an isolator", if rest.contains('=') { text } else { name })?;
        if !IsolatorValue::NAMES.contains(&name) {
            let known = IsolatorValue::NAMES.join(", ");
            return Err(
                parameters.rule(format!("`{}` is none of the isolators {known}", name.escape_debug()))
            );
        }
        let mut out = Writer::new(Strength::Strict);
        out.object(|object| {
            object.text("name", name);
            if rest.contains('=') {
                object.with("value", |out| value(&parameters, name, out));
            } else if is_plain(rest) {
                object.with("value", |out| out.raw(rest));
            }
        });
        Self::from_json(&out.finish(), Strength::Strict)
            .map_err(|error| parameters.rule(error.without_position()))
    }
}

/// A number or a boolean.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    matches!(text, "true" | "false") || number
}

fn value(parameters: &Parameters<'_>, name: &str, out: &mut Writer) {
    out.object(|object| {
        for (key, text) in parameters.pairs() {
            // A kernel parameter may be called anything.
            let of_resource = name.starts_with("resource/");
            match key {
                "set" if name.ends_with("-set") => {
                    let items: Vec<String> = text.split('+').map(ToOwned::to_owned).collect();
                    object.member(key, &items);
                }
                "default" if of_resource && matches!(text, "true" | "false") => {
                    object.with(key, |out| out.raw(text));
                }
                _ => object.text(key, text),
            }
        }
    });
}
