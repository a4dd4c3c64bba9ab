//! Which objects and fields are meant.

use crate::schema::object;

object! {
    /// Which objects are meant: those that fit all that is said. Group to namespace are regular expressions.
    pub struct Selector {
        /// The group of their kind.
        pub group: String = "group",
        /// The version of their kind.
        pub version: String = "version",
        /// Their kind.
        pub kind: String = "kind",
        /// Their name.
        pub name: String = "name",
        /// Their namespace.
        pub namespace: String = "namespace",
        /// A selector of their annotations.
        pub annotation_selector: String = "annotationSelector",
        /// A selector of their labels.
        pub label_selector: String = "labelSelector",
    }

    /// A field of objects of some kind.
    pub struct FieldSpec {
        /// The group of the kind.
        pub group: String = "group",
        /// The version of the kind.
        pub version: String = "version",
        /// The kind.
        pub kind: String = "kind",
        /// The path: `spec/template/metadata/labels`.
        pub path: String = "path",
        /// Whether it is made when it is not there.
        pub create: bool = "create",
    }

    /// A value that is copied from one object to others.
    pub struct ReplacementField {
        /// Where it comes from.
        pub source: Option<Box<SourceSelector>> = "source",
        /// Where it goes.
        pub targets: Vec<TargetSelector> = "targets",
        /// The file that says both.
        pub path: String = "path",
        /// The value itself, instead of a source.
        pub source_value: Option<String> = "sourceValue",
    }

    /// The field that a value comes from.
    pub struct SourceSelector {
        /// The group of the object's kind.
        pub group: String = "group",
        /// The version of the object's kind.
        pub version: String = "version",
        /// The object's kind.
        pub kind: String = "kind",
        /// The object's name.
        pub name: String = "name",
        /// The object's namespace.
        pub namespace: String = "namespace",
        /// The field; `metadata.name` by default.
        pub field_path: String = "fieldPath",
        /// Which part of it is meant.
        pub options: Option<Box<FieldOptions>> = "options",
    }

    /// The fields that a value goes to.
    pub struct TargetSelector {
        /// The objects.
        pub select: Option<Box<Selector>> = "select" always,
        /// Those of them that are not meant.
        pub reject: Vec<Selector> = "reject",
        /// The fields; `metadata.name` by default.
        pub field_paths: Vec<String> = "fieldPaths",
        /// Which part of them is meant.
        pub options: Option<Box<FieldOptions>> = "options",
    }

    /// Which part of a field is meant.
    pub struct FieldOptions {
        /// What the field is split at.
        pub delimiter: String = "delimiter",
        /// Which part of it, from 0.
        pub index: i32 = "index",
        /// How it is encoded.
        pub encoding: String = "encoding",
        /// Whether it is made when it is not there.
        pub create: bool = "create",
    }
}
