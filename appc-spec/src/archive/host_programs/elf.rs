//! What the headers of an ELF file say (System V ABI, "Program Loading and Dynamic Linking").
#![expect(clippy::disallowed_methods, reason = "it reads the file; the feature `archive` says so")]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use object::elf;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, ReadRef};

use super::HostProgramError;

/// What the headers of a program or a library say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Elf {
    pub(super) kind: ElfKind,
    /// Whether it can be started.
    pub(super) is_program: bool,
    /// The loader that starts it (PT_INTERP).
    pub(super) interpreter: Option<PathBuf>,
    /// The libraries that it needs, by name (DT_NEEDED).
    pub(super) needed: Vec<OsString>,
    /// Where it says that they are, for itself and what it loads (DT_RPATH).
    pub(super) rpath: Vec<OsString>,
    /// Where it says that they are, for itself (DT_RUNPATH); makes the loader ignore DT_RPATH.
    pub(super) runpath: Vec<OsString>,
}

/// The machine that an ELF file is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ElfKind {
    machine: u16,
    is_64: bool,
    is_little_endian: bool,
}

/// The machines that Rust programs run on, by the name that Rust has for them.
const MACHINES: [(&str, u16); 11] = [
    ("aarch64", elf::EM_AARCH64.0),
    ("arm", elf::EM_ARM.0),
    ("loongarch64", elf::EM_LOONGARCH.0),
    ("mips", elf::EM_MIPS.0),
    ("mips64", elf::EM_MIPS.0),
    ("powerpc", elf::EM_PPC.0),
    ("powerpc64", elf::EM_PPC64.0),
    ("riscv64", elf::EM_RISCV.0),
    ("s390x", elf::EM_S390.0),
    ("x86", elf::EM_386.0),
    ("x86_64", elf::EM_X86_64.0),
];

impl ElfKind {
    /// The machine of this process.
    fn host() -> Option<Self> {
        let (_, machine) = MACHINES.iter().find(|(name, _)| *name == std::env::consts::ARCH)?;
        Some(Self {
            machine: *machine,
            is_64: cfg!(target_pointer_width = "64"),
            is_little_endian: cfg!(target_endian = "little"),
        })
    }

    fn show(self) -> String {
        let name = MACHINES.iter().find(|(_, machine)| *machine == self.machine).map(|(name, _)| *name);
        let name = name.map_or_else(|| format!("ELF machine {}", self.machine), ToOwned::to_owned);
        let bits = if self.is_64 { 64 } else { 32 };
        let order = if self.is_little_endian { "little" } else { "big" };
        format!("{name} ({bits} bits, {order}-endian)")
    }

    /// The kind of a file whose first bytes these are.
    pub(super) fn of_start(start: &[u8]) -> Option<Self> {
        let [0x7f, b'E', b'L', b'F', class, data, ..] = start else { return None };
        let is_little_endian = *data == elf::ELFDATA2LSB.0;
        let machine: [u8; 2] = start.get(18..20)?.try_into().ok()?;
        let machine =
            if is_little_endian { u16::from_le_bytes(machine) } else { u16::from_be_bytes(machine) };
        Some(Self { machine, is_64: *class == elf::ELFCLASS64.0, is_little_endian })
    }

    /// The kind of a file, if it is ELF.
    pub(super) fn of_file(path: &Path) -> Option<Self> {
        let mut start = Vec::with_capacity(20);
        File::open(path).ok()?.take(20).read_to_end(&mut start).ok()?;
        Self::of_start(&start)
    }
}

impl Elf {
    /// Reads the file `real`; errors call it `path`.
    pub(super) fn read(path: &Path, real: &Path) -> Result<Self, HostProgramError> {
        let data = fs::read(real).map_err(|error| HostProgramError::read(path, error))?;
        if let Some(rest) = data.strip_prefix(b"#!") {
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
            return Err(HostProgramError::script(path, String::from_utf8_lossy(line).trim().to_owned()));
        }
        let kind = ElfKind::of_start(&data).ok_or_else(|| HostProgramError::not_elf(path))?;
        if let Some(host) = ElfKind::host().filter(|host| *host != kind) {
            return Err(HostProgramError::architecture(path, kind.show(), host.show()));
        }
        let parsed = if kind.is_64 {
            Self::parse::<elf::FileHeader64<Endianness>>(&data, kind)
        } else {
            Self::parse::<elf::FileHeader32<Endianness>>(&data, kind)
        };
        parsed.map_err(|error| HostProgramError::malformed(path, error))
    }

    fn parse<H: FileHeader<Endian = Endianness>>(data: &[u8], kind: ElfKind) -> object::read::Result<Self> {
        let header = H::parse(data)?;
        let endian = header.endian()?;
        let segments = header.program_headers(endian, data)?;
        let mut elf = Self {
            kind,
            is_program: header.e_type(endian) == elf::ET_EXEC,
            interpreter: None,
            needed: Vec::new(),
            rpath: Vec::new(),
            runpath: Vec::new(),
        };
        for segment in segments {
            if let Some(path) = segment.interpreter(endian, data)? {
                elf.interpreter = Some(PathBuf::from(OsStr::from_bytes(path)));
            }
        }
        // A position-independent program is a shared object too; one without a loader says so by its entry point.
        let starts = elf.interpreter.is_some() || header.e_entry(endian).into() != 0;
        elf.is_program |= header.e_type(endian) == elf::ET_DYN && starts;
        for segment in segments {
            if let Some(dynamic) = segment.dynamic(endian, data)? {
                elf.dynamic::<H>(endian, data, segments, dynamic)?;
            }
        }
        Ok(elf)
    }

    fn dynamic<H: FileHeader<Endian = Endianness>>(
        &mut self,
        endian: Endianness,
        data: &[u8],
        segments: &[H::ProgramHeader],
        dynamic: &[H::Dyn],
    ) -> object::read::Result<()> {
        let value = |tag| {
            dynamic.iter().find(|entry| entry.d_tag(endian) == tag).map(|entry| entry.d_val(endian).into())
        };
        let Some(strings_at) = value(elf::DT_STRTAB) else { return Ok(()) };
        let strings_size: u64 = value(elf::DT_STRSZ).unwrap_or_default();
        let table = segments
            .iter()
            .find_map(|segment| segment.data_range(endian, data, strings_at, strings_size).ok().flatten())
            .unwrap_or_default();
        let string = |at: u64| table.read_bytes_at_until(at..table.len() as u64, 0).unwrap_or_default();
        for entry in dynamic {
            let text = || string(entry.d_val(endian).into());
            match entry.d_tag(endian) {
                elf::DT_NULL => break,
                elf::DT_NEEDED => self.needed.push(OsString::from_vec(text().to_vec())),
                elf::DT_RPATH => self.rpath = split(text()),
                elf::DT_RUNPATH => self.runpath = split(text()),
                _ => {}
            }
        }
        Ok(())
    }
}

fn split(list: &[u8]) -> Vec<OsString> {
    list.split(|byte| *byte == b':')
        .filter(|part| !part.is_empty())
        .map(|part| OsString::from_vec(part.to_vec()))
        .collect()
}
