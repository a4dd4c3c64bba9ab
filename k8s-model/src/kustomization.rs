//! How `kustomize` builds manifests from others (`sigs.k8s.io/kustomize/api/types`): the file `kustomization.yaml`.

mod generator;
mod helm;
mod target;

pub use generator::{ConfigMapArgs, FileMergeOptions, GeneratorOptions, SecretArgs};
pub use helm::{HelmChart, HelmChartArgs, HelmGlobals};
pub use target::{FieldOptions, FieldSpec, ReplacementField, Selector, SourceSelector, TargetSelector};

use std::collections::BTreeMap;

use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};

object! {
    /// Manifests, and what is to be changed in them. A file may leave out `apiVersion` and `kind`.
    pub struct Kustomization {
        /// Its name, labels and the like; not used.
        pub metadata: Option<Box<ObjectMeta>> = "metadata",
        /// The schema that is used: `path` or `version`.
        pub openapi: BTreeMap<String, String> = "openapi",
        /// What is put before each name.
        pub name_prefix: String = "namePrefix",
        /// What is put after each name.
        pub name_suffix: String = "nameSuffix",
        /// The namespace that everything gets.
        pub namespace: String = "namespace",
        /// Labels that everything gets, selectors too; deprecated.
        pub common_labels: BTreeMap<String, String> = "commonLabels",
        /// Labels that everything gets.
        pub labels: Vec<Label> = "labels",
        /// Annotations that everything gets.
        pub common_annotations: BTreeMap<String, String> = "commonAnnotations",
        /// Files with strategic merge patches, or such patches; deprecated.
        pub patches_strategic_merge: Vec<String> = "patchesStrategicMerge",
        /// JSON patches; deprecated.
        pub patches_json6902: Vec<Patch> = "patchesJson6902",
        /// Patches of either sort.
        pub patches: Vec<Patch> = "patches",
        /// Images that are replaced by others.
        pub images: Vec<Image> = "images",
        /// An old name of `images`.
        pub image_tags: Vec<Image> = "imageTags",
        /// Values that are copied from one object to others.
        pub replacements: Vec<ReplacementField> = "replacements",
        /// How many pods controllers get.
        pub replicas: Vec<Replica> = "replicas",
        /// Values that are put where `$(NAME)` stands; deprecated.
        pub vars: Vec<Var> = "vars",
        /// In which order objects are written.
        pub sort_options: Option<Box<SortOptions>> = "sortOptions",
        /// Files with manifests, and directories with kustomizations.
        pub resources: Vec<String> = "resources",
        /// Directories with components.
        pub components: Vec<String> = "components",
        /// Files with definitions of kinds, so that names in such objects are understood.
        pub crds: Vec<String> = "crds",
        /// An old name of `resources`.
        pub bases: Vec<String> = "bases",
        /// Config maps that are made from files and texts.
        pub config_map_generator: Vec<ConfigMapArgs> = "configMapGenerator",
        /// Secrets that are made from files and texts.
        pub secret_generator: Vec<SecretArgs> = "secretGenerator",
        /// Settings of Helm.
        pub helm_globals: Option<Box<HelmGlobals>> = "helmGlobals",
        /// Charts of Helm that are written out.
        pub helm_charts: Vec<HelmChart> = "helmCharts",
        /// An old name of `helmCharts`.
        pub helm_chart_inflation_generator: Vec<HelmChartArgs> = "helmChartInflationGenerator",
        /// Settings of everything that is generated.
        pub generator_options: Option<Box<GeneratorOptions>> = "generatorOptions",
        /// Files that say which fields hold names, labels and the like.
        pub configurations: Vec<String> = "configurations",
        /// Files with further generators.
        pub generators: Vec<String> = "generators",
        /// Files with further transformers.
        pub transformers: Vec<String> = "transformers",
        /// Files with further validators.
        pub validators: Vec<String> = "validators",
        /// An object that names all others.
        pub inventory: Option<Box<Inventory>> = "inventory",
        /// What is noted in annotations of the result.
        pub build_metadata: Vec<String> = "buildMetadata",
    }

    /// Labels that everything gets.
    pub struct Label {
        /// The labels.
        pub pairs: BTreeMap<String, String> = "pairs",
        /// Whether selectors get them too.
        pub include_selectors: bool = "includeSelectors",
        /// Whether templates of pods get them too.
        pub include_templates: bool = "includeTemplates",
        /// Whether templates of claims get them too.
        pub include_volume_claim_templates: bool = "includeVolumeClaimTemplates",
        /// Where else they are put.
        pub fields: Vec<FieldSpec> = "fields",
    }

    /// A patch, and what it is for.
    pub struct Patch {
        /// The file that it stands in.
        pub path: String = "path",
        /// The patch itself.
        pub patch: String = "patch",
        /// The objects that it is for.
        pub target: Option<Box<Selector>> = "target",
        /// What it may change: `allowNameChange`, `allowKindChange`.
        pub options: BTreeMap<String, bool> = "options",
    }

    /// An image that is replaced by another.
    pub struct Image {
        /// The name that it has, without tag.
        pub name: String = "name",
        /// The name that it gets.
        pub new_name: String = "newName",
        /// What is put after its tag.
        pub tag_suffix: String = "tagSuffix",
        /// The tag that it gets.
        pub new_tag: String = "newTag",
        /// The digest that it gets; it wins over tags.
        pub digest: String = "digest",
    }

    /// How many pods a controller gets.
    pub struct Replica {
        /// The name of the controller.
        pub name: String = "name",
        /// How many.
        pub count: i64 = "count",
    }

    /// A value that is put where its name stands.
    pub struct Var {
        /// The name: `$(NAME)`.
        pub name: String = "name" always,
        /// The object that the value comes from.
        pub objref: VarTarget = "objref" always,
        /// The field that the value comes from.
        pub fieldref: VarField = "fieldref",
    }

    /// The object that a value comes from.
    pub struct VarTarget {
        /// The version of its kind, with its group.
        pub api_version: String = "apiVersion",
        /// The group of its kind.
        pub group: String = "group",
        /// The version of its kind.
        pub version: String = "version",
        /// Its kind.
        pub kind: String = "kind",
        /// Its name.
        pub name: String = "name" always,
        /// Its namespace.
        pub namespace: String = "namespace",
    }

    /// The field that a value comes from.
    pub struct VarField {
        /// Its path; `metadata.name` by default.
        pub field_path: String = "fieldPath",
    }

    /// In which order objects are written.
    pub struct SortOptions {
        /// The way.
        pub order: SortOrder = "order",
        /// Which kinds come first and last; for `legacy` only.
        pub legacy_sort_options: Option<Box<LegacySortOptions>> = "legacySortOptions",
    }

    /// Which kinds come first and last.
    pub struct LegacySortOptions {
        /// The first ones.
        pub order_first: Vec<String> = "orderFirst" always,
        /// The last ones.
        pub order_last: Vec<String> = "orderLast" always,
    }

    /// An object that names all others.
    pub struct Inventory {
        /// `ConfigMap`.
        pub type_: String = "type",
        /// Its name.
        pub config_map: NameArgs = "configMap",
    }

    /// The name of an object.
    pub struct NameArgs {
        /// Its name.
        pub name: String = "name",
        /// Its namespace.
        pub namespace: String = "namespace",
    }
}

open_enum! {
    /// In which order objects are written.
    pub enum SortOrder {
        /// As they were read.
        Fifo = "fifo",
        /// By kind and name.
        Legacy = "legacy",
    }
}
