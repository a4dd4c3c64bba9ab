//! Configurations of clients, against `kubectl config view` (1.32.5).

use k8s_model::encode::to_json;
use k8s_model::kubeconfig::{Config, load};
use k8s_model::object::Object;
use k8s_model::tree::documents;

fn both(directory: &str) -> Config {
    let files = [include_str!("../vectors/kubeconfig/a.yaml"), include_str!("../vectors/kubeconfig/b.yaml")];
    Config::merge(files.map(|text| load(text, "config", directory).unwrap()))
}

#[track_caller]
fn same(config: Config, view: &str) {
    let shown = documents(&to_json(&Object::from(config))).unwrap();
    assert_eq!(shown, documents(view).unwrap());
}

#[test]
fn the_view_is_kubectls() {
    let mut config = both("");
    config.redact();
    // kubectl shows the secrets of plugins.
    let provider = config.users[2].user.auth_provider.as_mut().unwrap();
    assert_eq!(provider.config["client-secret"], "REDACTED");
    for (key, value) in [("client-secret", "z"), ("id-token", "x")] {
        provider.config.insert(key.to_owned(), value.to_owned());
    }
    // kubectl writes empty lists here as null.
    let view = include_str!("../vectors/kubeconfig/view.yaml");
    same(config.clone(), &view.replace("args: null", "args: []").replace("env: null", "env: []"));
    config.minify().unwrap();
    same(config, include_str!("../vectors/kubeconfig/minify.yaml"));
}

#[test]
fn contexts_and_paths() {
    let config = both("/home/me/.kube");
    let (context, cluster, user) = config.context(None).unwrap();
    assert_eq!((context.namespace.as_str(), cluster.server.as_str()), ("ns", "https://1.2.3.4:6443"));
    assert_eq!(user.unwrap().client_certificate, "/home/me/.kube/x.crt");
    assert_eq!(config.clusters[1].cluster.certificate_authority, "/home/me/.kube/ca.crt");
    assert_eq!(config.users[1].user.exec.as_ref().unwrap().command, "/home/me/.kube/x/y");
    assert_eq!(config.context(Some("no")).unwrap_err(), "context \"no\" does not exist");
    assert!(Config::default().context(None).is_err());
    assert!(load("clusters: 1", "config", "").is_err());
    assert!(load("apiVersion: v1\nkind: Config\nusers: 1", "config", "").is_err());
    assert_eq!(load("", "config", "").unwrap(), Config::default());
    assert_eq!(load("current-context: a", "config", "").unwrap().current_context, "a");
}
