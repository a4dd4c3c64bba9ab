//! How much an archive may make us do.

/// Upper bounds for what is read of an archive. Each is an error of the kind [`super::ArchiveErrorKind::Limit`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many entries it has.
    pub entries: u64,
    /// How many bytes its uncompressed tar has.
    pub size: u64,
    /// How many times larger than the archive its tar is, once that has more than `ratio_from` bytes.
    pub ratio: u64,
    /// From how many bytes of tar on the ratio counts.
    pub ratio_from: u64,
    /// How many bytes its manifest has.
    pub manifest: u64,
    /// How many bytes the extended header of one entry has (long names, attributes).
    pub extended_header: u64,
}

impl Limits {
    /// Bounds that no honest image meets: ten million entries, 256 GiB, a ratio of 500 from 256 MiB on, a manifest of 4 MiB, extended headers of
    /// 1 MiB.
    pub const STANDARD: Self = Self {
        entries: 10_000_000,
        size: 256 << 30,
        ratio: 500,
        ratio_from: 256 << 20,
        manifest: 4 << 20,
        extended_header: 1 << 20,
    };
}
