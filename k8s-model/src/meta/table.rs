//! Tables: lists as a server prints them.

use serde_json::Value;

use super::ListMeta;
use crate::core::ConditionStatus;
use crate::schema::{object, open_enum};

object! {
    /// A list as rows and columns, of `meta.k8s.io/v1`.
    pub struct Table {
        /// What the list says of itself.
        pub metadata: ListMeta = "metadata",
        /// The columns.
        pub column_definitions: Vec<TableColumnDefinition> = "columnDefinitions" always,
        /// The rows.
        pub rows: Vec<TableRow> = "rows" always,
    }

    /// A column of a table.
    pub struct TableColumnDefinition {
        /// Its name.
        pub name: String = "name" always,
        /// The type of its cells: `string`, `integer`, `number`, `boolean`.
        pub type_: String = "type" always,
        /// More on that type: `name`, `date`.
        pub format: String = "format" always,
        /// What it shows.
        pub description: String = "description" always,
        /// 0 is always shown; more is only shown when there is room.
        pub priority: i32 = "priority" always,
    }

    /// A row of a table.
    pub struct TableRow {
        /// What stands in each column.
        pub cells: Vec<Value> = "cells" always,
        /// What is special about it.
        pub conditions: Vec<TableRowCondition> = "conditions",
        /// The object of the row, or its metadata.
        pub object: Option<Value> = "object",
    }

    /// What is special about a row.
    pub struct TableRowCondition {
        /// What it is about.
        pub type_: RowConditionType = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }
}

open_enum! {
    /// What a condition of a row is about.
    pub enum RowConditionType {
        /// The object has come to its end.
        Completed = "Completed",
    }
}
