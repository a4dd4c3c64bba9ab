//! Charts of Helm.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::schema::object;

object! {
    /// Settings of Helm.
    pub struct HelmGlobals {
        /// The directory of the charts; `charts` by default.
        pub chart_home: String = "chartHome",
        /// The directory of Helm's own settings.
        pub config_home: String = "configHome",
    }

    /// A chart of Helm that is written out.
    pub struct HelmChart {
        /// Its name.
        pub name: String = "name",
        /// Its version.
        pub version: String = "version",
        /// Its digest, when it is in an OCI registry.
        pub digest: String = "digest",
        /// The address of its repository.
        pub repo: String = "repo",
        /// The name of the release.
        pub release_name: String = "releaseName",
        /// The namespace of the release.
        pub namespace: String = "namespace",
        /// Further files of values.
        pub additional_values_files: Vec<String> = "additionalValuesFiles",
        /// The file of values that takes the place of the chart's own.
        pub values_file: String = "valuesFile",
        /// Values that stand here.
        pub values_inline: BTreeMap<String, Value> = "valuesInline",
        /// How they go together with the others: `merge`, `override` or `replace`.
        pub values_merge: String = "valuesMerge",
        /// Whether definitions of kinds are written out too.
        pub include_crds: bool = "includeCRDs",
        /// Whether hooks are left out.
        pub skip_hooks: bool = "skipHooks",
        /// The versions that the cluster is said to have.
        pub api_versions: Vec<String> = "apiVersions",
        /// The version of Kubernetes that the cluster is said to have.
        pub kube_version: String = "kubeVersion",
        /// The template of the release's name.
        pub name_template: String = "nameTemplate",
        /// Whether tests are left out.
        pub skip_tests: bool = "skipTests",
        /// Whether Helm says more.
        pub debug: bool = "debug",
        /// Whether versions in development count.
        pub devel: bool = "devel",
    }

    /// A chart of Helm, in its old form.
    pub struct HelmChartArgs {
        /// Its name.
        pub chart_name: String = "chartName",
        /// Its version.
        pub chart_version: String = "chartVersion",
        /// The address of its repository.
        pub chart_repo_url: String = "chartRepoUrl",
        /// The directory of the charts.
        pub chart_home: String = "chartHome",
        /// The name of its repository.
        pub chart_repo_name: String = "chartRepoName",
        /// The program.
        pub helm_bin: String = "helmBin",
        /// The directory of Helm's own settings.
        pub helm_home: String = "helmHome",
        /// The file of values.
        pub values: String = "values",
        /// Values that stand here.
        pub values_local: BTreeMap<String, Value> = "valuesLocal",
        /// How they go together with the others.
        pub values_merge: String = "valuesMerge",
        /// The name of the release.
        pub release_name: String = "releaseName",
        /// The namespace of the release.
        pub release_namespace: String = "releaseNamespace",
        /// Further arguments of the program.
        pub extra_args: Vec<String> = "extraArgs",
    }
}
