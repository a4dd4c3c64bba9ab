//! What lists say of themselves.

use crate::schema::object;

object! {
    /// What a list says of itself.
    pub struct ListMeta {
        /// A URL of the list; no longer filled in.
        pub self_link: String = "selfLink",
        /// The state that the list shows; opaque.
        pub resource_version: String = "resourceVersion",
        /// A token that asks for the rest.
        pub continue_: String = "continue",
        /// How many are left, when that is known.
        pub remaining_item_count: Option<i64> = "remainingItemCount",
        /// Which part of all objects the list has.
        pub shard_info: Option<Box<ShardInfo>> = "shardInfo",
    }

    /// Which part of all objects a list has.
    pub struct ShardInfo {
        /// The selector of the part.
        pub selector: String = "selector" always,
    }
}
