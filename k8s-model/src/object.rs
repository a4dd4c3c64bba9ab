//! Any object: one of a kind that is modelled, a list of objects, or one of some other kind, kept whole.

mod list;
mod template;
mod untyped;

pub use list::List;
pub use untyped::Untyped;

use crate::decode::Decoder;
use crate::encode::{Encode, Sink};
use crate::meta::ObjectMeta;
use crate::registry::{KindInfo, Scope, group_of};
use crate::schema::{self, Struct};
use crate::tree::Node;
use crate::{
    apps, autoscaling, batch, coordination, core, discovery, events, kubeconfig, kustomization, meta,
    networking, node, policy, rbac, scheduling, storage,
};

/// Makes [`Object`] and [`KINDS`]: `Variant: type "apiVersion" "Kind" "plural" ["short", …] Scope,` and what the metadata is.
macro_rules! kinds {
    ($($variant:ident: $module:ident::$type:ident $api_version:literal $kind:literal $plural:literal
        [$($short:literal),*] $scope:ident $metadata:ident,)*) => {
        /// An object of some kind.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Object {
            $(#[doc = concat!("A `", $kind, "` of `", $api_version, "`.")] $variant(Box<$module::$type>),)*
            /// A list of objects: `List` of `v1`, or one such as `PodList`.
            List(Box<List>),
            /// An object of a kind that is not modelled.
            Untyped(Box<Untyped>),
        }

        /// The kinds that are modelled.
        pub const KINDS: &[KindInfo] = &[$(KindInfo {
            api_version: $api_version,
            kind: $kind,
            plural: $plural,
            short_names: &[$($short),*],
            scope: Scope::$scope,
            fields: Some($module::$type::INFO),
        },)*];

        /// The place of each kind in [`KINDS`].
        #[allow(clippy::upper_case_acronyms)]
        enum Place { $($variant,)* }

        impl Object {
            /// An object of a kind with nothing in it; `None` when the kind is not modelled.
            #[must_use]
            pub fn empty(api_version: &str, kind: &str) -> Option<Self> {
                match (api_version, kind) {
                    $(($api_version, $kind) => Some(Self::$variant(Box::default())),)*
                    _ => None,
                }
            }

            /// What is known of its kind; `None` for lists and for kinds that are not modelled.
            #[must_use]
            pub fn info(&self) -> Option<&'static KindInfo> {
                let place = match self {
                    $(Self::$variant(_) => Place::$variant,)*
                    Self::List(_) | Self::Untyped(_) => return None,
                };
                KINDS.get(place as usize)
            }

            /// Its metadata; `None` for the few kinds that have none, and for lists.
            #[must_use]
            pub const fn metadata(&self) -> Option<&ObjectMeta> {
                match self {
                    $(Self::$variant(object) => kinds!(@$metadata object &),)*
                    Self::List(_) => None,
                    Self::Untyped(object) => Some(&object.metadata),
                }
            }

            /// Its metadata, to be changed.
            #[must_use]
            pub const fn metadata_mut(&mut self) -> Option<&mut ObjectMeta> {
                match self {
                    $(Self::$variant(object) => kinds!(@$metadata object &mut),)*
                    Self::List(_) => None,
                    Self::Untyped(object) => Some(&mut object.metadata),
                }
            }

            /// Its fields; `None` for lists and for kinds that are not modelled.
            #[must_use]
            pub fn fields(&self) -> Option<&dyn Struct> {
                match self {
                    $(Self::$variant(object) => Some(&**object),)*
                    Self::List(_) | Self::Untyped(_) => None,
                }
            }

            /// Its fields, to be changed.
            #[must_use]
            pub fn fields_mut(&mut self) -> Option<&mut dyn Struct> {
                match self {
                    $(Self::$variant(object) => Some(&mut **object),)*
                    Self::List(_) | Self::Untyped(_) => None,
                }
            }
        }

        $(
            impl From<$module::$type> for Object {
                fn from(object: $module::$type) -> Self {
                    Self::$variant(Box::new(object))
                }
            }

            impl TryFrom<Object> for $module::$type {
                type Error = Object;

                /// Takes the object out.
                ///
                /// # Errors
                ///
                /// Gives the object back when it is of another kind.
                fn try_from(object: Object) -> Result<Self, Object> {
                    match object {
                        Object::$variant(object) => Ok(*object),
                        other => Err(other),
                    }
                }
            }

            crate::serde_traits::serde_traits!($module::$type);

            impl Encode for $module::$type {
                fn encode_to(&self, sink: &mut dyn Sink) {
                    encode($api_version, $kind, self, sink);
                }
            }
        )*
    };
    (@meta $object:ident $($borrow:tt)+) => { Some($($borrow)+ $object.metadata) };
    (@none $object:ident $($borrow:tt)+) => {{
        let _ = $object;
        None
    }};
}

kinds! {
    Binding: core::Binding "v1" "Binding" "bindings" [] Namespaced meta,
    ConfigMap: core::ConfigMap "v1" "ConfigMap" "configmaps" ["cm"] Namespaced meta,
    Endpoints: core::Endpoints "v1" "Endpoints" "endpoints" ["ep"] Namespaced meta,
    Event: core::Event "v1" "Event" "events" ["ev"] Namespaced meta,
    LimitRange: core::LimitRange "v1" "LimitRange" "limitranges" ["limits"] Namespaced meta,
    Namespace: core::Namespace "v1" "Namespace" "namespaces" ["ns"] Cluster meta,
    Node: core::Node "v1" "Node" "nodes" ["no"] Cluster meta,
    PersistentVolumeClaim: core::PersistentVolumeClaim "v1" "PersistentVolumeClaim" "persistentvolumeclaims" ["pvc"] Namespaced meta,
    PersistentVolume: core::PersistentVolume "v1" "PersistentVolume" "persistentvolumes" ["pv"] Cluster meta,
    Pod: core::Pod "v1" "Pod" "pods" ["po"] Namespaced meta,
    PodTemplate: core::PodTemplate "v1" "PodTemplate" "podtemplates" [] Namespaced meta,
    ReplicationController: core::ReplicationController "v1" "ReplicationController" "replicationcontrollers" ["rc"] Namespaced meta,
    ResourceQuota: core::ResourceQuota "v1" "ResourceQuota" "resourcequotas" ["quota"] Namespaced meta,
    Secret: core::Secret "v1" "Secret" "secrets" [] Namespaced meta,
    ServiceAccount: core::ServiceAccount "v1" "ServiceAccount" "serviceaccounts" ["sa"] Namespaced meta,
    Service: core::Service "v1" "Service" "services" ["svc"] Namespaced meta,
    ControllerRevision: apps::ControllerRevision "apps/v1" "ControllerRevision" "controllerrevisions" [] Namespaced meta,
    DaemonSet: apps::DaemonSet "apps/v1" "DaemonSet" "daemonsets" ["ds"] Namespaced meta,
    Deployment: apps::Deployment "apps/v1" "Deployment" "deployments" ["deploy"] Namespaced meta,
    ReplicaSet: apps::ReplicaSet "apps/v1" "ReplicaSet" "replicasets" ["rs"] Namespaced meta,
    StatefulSet: apps::StatefulSet "apps/v1" "StatefulSet" "statefulsets" ["sts"] Namespaced meta,
    Scale: autoscaling::Scale "autoscaling/v1" "Scale" "scales" [] Namespaced meta,
    HorizontalPodAutoscaler: autoscaling::HorizontalPodAutoscaler "autoscaling/v2" "HorizontalPodAutoscaler" "horizontalpodautoscalers" ["hpa"] Namespaced meta,
    CronJob: batch::CronJob "batch/v1" "CronJob" "cronjobs" ["cj"] Namespaced meta,
    Job: batch::Job "batch/v1" "Job" "jobs" [] Namespaced meta,
    Lease: coordination::Lease "coordination.k8s.io/v1" "Lease" "leases" [] Namespaced meta,
    EndpointSlice: discovery::EndpointSlice "discovery.k8s.io/v1" "EndpointSlice" "endpointslices" [] Namespaced meta,
    EventsEvent: events::Event "events.k8s.io/v1" "Event" "events" ["ev"] Namespaced meta,
    IngressClass: networking::IngressClass "networking.k8s.io/v1" "IngressClass" "ingressclasses" [] Cluster meta,
    Ingress: networking::Ingress "networking.k8s.io/v1" "Ingress" "ingresses" ["ing"] Namespaced meta,
    NetworkPolicy: networking::NetworkPolicy "networking.k8s.io/v1" "NetworkPolicy" "networkpolicies" ["netpol"] Namespaced meta,
    RuntimeClass: node::RuntimeClass "node.k8s.io/v1" "RuntimeClass" "runtimeclasses" [] Cluster meta,
    Eviction: policy::Eviction "policy/v1" "Eviction" "evictions" [] Namespaced meta,
    PodDisruptionBudget: policy::PodDisruptionBudget "policy/v1" "PodDisruptionBudget" "poddisruptionbudgets" ["pdb"] Namespaced meta,
    ClusterRoleBinding: rbac::ClusterRoleBinding "rbac.authorization.k8s.io/v1" "ClusterRoleBinding" "clusterrolebindings" [] Cluster meta,
    ClusterRole: rbac::ClusterRole "rbac.authorization.k8s.io/v1" "ClusterRole" "clusterroles" [] Cluster meta,
    RoleBinding: rbac::RoleBinding "rbac.authorization.k8s.io/v1" "RoleBinding" "rolebindings" [] Namespaced meta,
    Role: rbac::Role "rbac.authorization.k8s.io/v1" "Role" "roles" [] Namespaced meta,
    PriorityClass: scheduling::PriorityClass "scheduling.k8s.io/v1" "PriorityClass" "priorityclasses" ["pc"] Cluster meta,
    CsiDriver: storage::CsiDriver "storage.k8s.io/v1" "CSIDriver" "csidrivers" [] Cluster meta,
    StorageClass: storage::StorageClass "storage.k8s.io/v1" "StorageClass" "storageclasses" ["sc"] Cluster meta,
    VolumeAttachment: storage::VolumeAttachment "storage.k8s.io/v1" "VolumeAttachment" "volumeattachments" [] Cluster meta,
    Status: meta::Status "v1" "Status" "" [] None none,
    Table: meta::Table "meta.k8s.io/v1" "Table" "" [] None none,
    Config: kubeconfig::Config "v1" "Config" "" [] None none,
    Kustomization: kustomization::Kustomization "kustomize.config.k8s.io/v1beta1" "Kustomization" "" [] None none,
}

impl Object {
    /// The version of its kind, with its group: `v1`, `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        match self {
            Self::List(list) => &list.api_version,
            Self::Untyped(object) => &object.api_version,
            typed => typed.info().map_or("", |info| info.api_version),
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::List(list) => &list.kind,
            Self::Untyped(object) => &object.kind,
            typed => typed.info().map_or("", |info| info.kind),
        }
    }

    /// Its name; empty when it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata().map_or("", |metadata| &metadata.name)
    }

    /// The namespace that it names; empty when it names none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.metadata().map_or("", |metadata| &metadata.namespace)
    }

    /// Its name as `kubectl -o name` writes it: `pod/web`, `deployment.apps/web`.
    #[must_use]
    pub fn resource_name(&self) -> String {
        let kind = self.kind().to_ascii_lowercase();
        match group_of(self.api_version()) {
            "" => format!("{kind}/{}", self.name()),
            group => format!("{kind}.{group}/{}", self.name()),
        }
    }

    /// What a file with this object alone is best called, without its ending: `deployment-web`, with the namespace before it when
    /// the object names one. `None` when it has no name, or one that is no name of a file.
    #[must_use]
    pub fn file_stem(&self) -> Option<String> {
        let parts = [self.namespace(), &self.kind().to_ascii_lowercase(), self.name()];
        let good = |part: &str| !part.starts_with('.') && !part.contains(['/', '\\', '\0']);
        let named = !self.name().is_empty() && parts.into_iter().all(good);
        named.then(|| parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-"))
    }

    pub(crate) fn decode_fields<'t>(&mut self, root: Node<'t>, decoder: &mut Decoder<'t>) {
        match self {
            Self::List(list) => list.decode_fields(root, decoder),
            Self::Untyped(object) => object.decode_fields(root, decoder),
            typed => {
                if let Some(fields) = typed.fields_mut() {
                    schema::decode_fields(fields, root, decoder, &["apiVersion", "kind"]);
                }
            }
        }
    }
}

impl Encode for Object {
    fn encode_to(&self, sink: &mut dyn Sink) {
        match (self, self.fields()) {
            (Self::List(list), _) => list.encode_to(sink),
            (Self::Untyped(object), _) => object.encode_to(sink),
            (typed, Some(fields)) => encode(typed.api_version(), typed.kind(), fields, sink),
            (_, None) => {}
        }
    }
}

/// Writes an object: its type first, as Go does.
pub(crate) fn encode(api_version: &str, kind: &str, fields: &dyn Struct, sink: &mut dyn Sink) {
    sink.begin_map();
    sink.key("kind");
    sink.string(kind);
    sink.key("apiVersion");
    sink.string(api_version);
    schema::encode_fields(fields, sink);
    sink.end_map();
}
