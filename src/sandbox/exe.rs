//! The program file that a lab's processes run, out of their reach.
//!
//! Through `/proc/self/exe` a process reaches its program file on the mount from which it was started, whatever is
//! mounted since: root's lab could make the machine's nsh setuid. So the lab's first process puts the file in its place
//! as it is found in the lab's mount namespace, where all that is mounted becomes read-only. The kernel allows that
//! (`PR_SET_MM_MAP`, made for restoring processes) once nothing of the old file is mapped any more, so all of it is
//! mapped anew first. Starting the program a second time instead would cost a tenth of what a lab takes to start.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag};
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::environment::Environment;
use crate::base::error::{Error, Kind};
use crate::base::file;

const PROGRAM: &str = "/proc/self/exe";

/// For kernels that can't do that (built without CONFIG_CHECKPOINT_RESTORE): goes on as a copy of the program in memory,
/// that nobody can write to. Call it first of all: what was read from stdin would be lost. Where it fails, a lab can't
/// be made, and says so.
pub fn copy_if_needed() {
    let mut size: u32 = 0;
    // SAFETY: the kernel writes the size of its prctl_mm_map.
    let known = unsafe {
        libc::prctl(libc::PR_SET_MM, libc::PR_SET_MM_MAP_SIZE as libc::c_ulong, &raw mut size, 0usize, 0usize)
    };
    if Errno::result(known).is_ok() || is_copy() {
        return;
    }
    let Ok(copy) = copy() else { return };
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_else(|| "nsh".into());
    let path = format!("/proc/self/fd/{}", copy.as_raw_fd());
    let _ = std::process::Command::new(path).arg0(name).args(arguments).exec();
}

fn is_copy() -> bool {
    let seals = File::open(PROGRAM).ok().and_then(|f| nix::fcntl::fcntl(&f, FcntlArg::F_GET_SEALS).ok());
    seals.is_some_and(|seals| SealFlag::from_bits_truncate(seals).contains(SealFlag::F_SEAL_WRITE))
}

fn copy() -> io::Result<File> {
    let mut copy = File::from(memfd_create(c"nsh", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    io::copy(&mut File::open(PROGRAM)?, &mut copy)?;
    let seals =
        SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    nix::fcntl::fcntl(&copy, FcntlArg::F_ADD_SEALS(seals))?;
    // Open for writing, it could not be executed.
    File::open(format!("/proc/self/fd/{}", copy.as_raw_fd()))
}

/// Whether the program file is out of the reach of labs of this user, on whatever mount: it is root's, and the user, who
/// isn't, may not write to it. Root's ids are in no lab of such a user. Ask before there is a user namespace, which shows all
/// owners alike.
pub fn is_out_of_reach() -> bool {
    use nix::unistd::{AccessFlags, access, geteuid};
    let owner = fs::metadata(PROGRAM).map(|m| m.uid());
    !geteuid().is_root() && owner.is_ok_and(|uid| uid == 0) && access(PROGRAM, AccessFlags::W_OK).is_err()
}

/// The program file, opened where nobody in the lab can write to it, and what is mapped of the other.
pub struct Sealed {
    /// `None` where nobody in the lab can write to what this process runs already.
    program: Option<(File, Vec<Mapping>)>,
    map: Map,
}

impl Sealed {
    /// Taken from the caller's own mount namespace, which must not be the machine's: all that is mounted there is to
    /// become read-only before anything of the lab runs. Where the file [`is_out_of_reach`], nothing has to be done, which
    /// saves a tenth of the time that a lab takes to start.
    pub fn take(out_of_reach: bool) -> Result<Sealed> {
        if out_of_reach {
            return Ok(Sealed { program: None, map: Map::of_this_process()? });
        }
        Sealed::new(fs::read_link(PROGRAM).ok().and_then(|path| same(&path)))
    }

    /// That of a process in a lab, if it runs the same program; nothing, too, where the file [`is_out_of_reach`].
    pub fn of(pid: i32) -> Result<Sealed> {
        match is_out_of_reach() {
            true => Sealed::take(true),
            false => Sealed::new(same(Path::new(&format!("/proc/{pid}/exe")))),
        }
    }

    fn new(file: Option<File>) -> Result<Sealed> {
        let map = Map::of_this_process()?;
        let file = match file {
            Some(file) => file,
            None if is_copy() => return Ok(Sealed { program: None, map }),
            None => copy().context("copying nsh into memory")?,
        };
        let segments = Segments::of_this_program().ok_or_else(cannot)?;
        let lines = file::text("/proc/self/maps")?;
        let mut mappings: Vec<_> = lines.lines().filter_map(Mapping::of).collect();
        mappings.retain(|m| m.of_file && segments.hold(m.start));
        mappings.iter_mut().for_each(|m| m.written = segments.written(m.start));
        Ok(Sealed { program: Some((file, mappings)), map })
    }

    /// Makes it this process's program file, and `environment` all of its environment.
    ///
    /// Call it while this process has one thread and handles no signal. It needs no `/proc`.
    pub fn enter(mut self, environment: &Environment) -> Result<()> {
        let block = environment.replace();
        self.map.overwrite_environment(block);
        let Some((file, mappings)) = &self.program else { return Ok(()) };
        const FAILED: &str = "putting nsh's program out of the lab's reach";
        for mapping in mappings {
            mapping.renew(file).context(FAILED)?;
        }
        (self.map.env_start, self.map.env_end) =
            (block.as_ptr() as u64, block.as_ptr() as u64 + block.len() as u64);
        self.map.exe_fd = file.as_raw_fd() as u32;
        self.map.set().context(FAILED)
    }
}

/// A file, if it is the one that runs here.
fn same(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    let (ours, theirs) = (fs::metadata(PROGRAM).ok()?, file.metadata().ok()?);
    ((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())).then_some(file)
}

fn cannot() -> Error {
    Error::new(Kind::Unsupported, "nsh's program file can't be put out of the lab's reach")
}

#[cfg(target_pointer_width = "64")]
type Header = libc::Elf64_Phdr;
#[cfg(target_pointer_width = "32")]
type Header = libc::Elf32_Phdr;

/// The parts of the program that are loaded: where each begins and ends, and whether it is writable at first.
struct Segments(Vec<(usize, usize, bool)>);

impl Segments {
    fn of_this_program() -> Option<Segments> {
        // SAFETY: getauxval takes no pointers; the kernel tells where the program's headers are, and their number.
        let headers = unsafe {
            let (at, count) = (libc::getauxval(libc::AT_PHDR), libc::getauxval(libc::AT_PHNUM));
            if at == 0 {
                return None;
            }
            std::slice::from_raw_parts(at as *const Header, count as usize)
        };
        let own = headers.iter().find(|h| h.p_type == libc::PT_PHDR)?;
        let bias = (headers.as_ptr() as usize).wrapping_sub(own.p_vaddr as usize);
        let loaded = headers.iter().filter(|h| h.p_type == libc::PT_LOAD).map(|h| {
            let start = bias.wrapping_add(h.p_vaddr as usize);
            (start & !0xfff, start + h.p_memsz as usize, h.p_flags & libc::PF_W != 0)
        });
        Some(Segments(loaded.collect()))
    }

    fn hold(&self, address: usize) -> bool {
        self.0.iter().any(|(start, end, _)| (*start..*end).contains(&address))
    }

    fn written(&self, address: usize) -> bool {
        self.0.iter().any(|(start, end, writable)| *writable && (*start..*end).contains(&address))
    }
}

/// A line of `/proc/self/maps`.
struct Mapping {
    start: usize,
    length: usize,
    protection: libc::c_int,
    offset: i64,
    of_file: bool,
    /// Whether it may have been written to, and so is not what the file holds.
    written: bool,
}

impl Mapping {
    fn of(line: &str) -> Option<Mapping> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let hex = |digits| usize::from_str_radix(digits, 16).ok();
        let (start, end, permissions) = (hex(start)?, hex(end)?, fields.next()?);
        let offset = hex(fields.next()?)? as i64;
        let rights = [('r', libc::PROT_READ), ('w', libc::PROT_WRITE), ('x', libc::PROT_EXEC)];
        let protection = rights.iter().filter(|(c, _)| permissions.contains(*c)).map(|(_, p)| p).sum();
        let of_file = fields.nth(1)? != "0";
        Some(Mapping { start, length: end - start, protection, offset, of_file, written: false })
    }

    /// Maps the same once more: from `file`, or as a copy of what was written to.
    fn renew(&self, file: &File) -> nix::Result<()> {
        if self.written { self.copy() } else { self.map(file) }
    }

    /// From `file` in the place of the present one.
    fn map(&self, file: &File) -> nix::Result<()> {
        let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
        // SAFETY: the file has the same bytes there, and nobody has written to this mapping, so nothing changes.
        let at = unsafe {
            let start = self.start as *mut libc::c_void;
            libc::mmap(start, self.length, self.protection, flags, file.as_raw_fd(), self.offset)
        };
        if at == libc::MAP_FAILED { Err(Errno::last()) } else { Ok(()) }
    }

    /// Memory of no file, with the same bytes, in its place.
    fn copy(&self) -> nix::Result<()> {
        // All of it is written to at once: that is faster than page by page.
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE;
        let writable = libc::PROT_READ | libc::PROT_WRITE;
        let start = self.start as *mut libc::c_void;
        // SAFETY: what is mapped here is readable, and the new memory as long. Between the copy and the move nothing
        // writes to the old: there is no other thread, and no signal is handled.
        unsafe {
            let copy = libc::mmap(std::ptr::null_mut(), self.length, writable, flags, -1, 0);
            if copy == libc::MAP_FAILED {
                return Err(Errno::last());
            }
            std::ptr::copy_nonoverlapping(start.cast::<u8>(), copy.cast::<u8>(), self.length);
            let how = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
            if libc::mprotect(copy, self.length, self.protection) != 0
                || libc::mremap(copy, self.length, self.length, how, start) == libc::MAP_FAILED
            {
                return Err(Errno::last());
            }
        }
        Ok(())
    }
}

/// `prctl_mm_map` of linux/prctl.h: what the kernel knows of a process's memory.
#[repr(C)]
struct Map {
    start_code: u64,
    end_code: u64,
    start_data: u64,
    end_data: u64,
    start_brk: u64,
    brk: u64,
    start_stack: u64,
    arg_start: u64,
    arg_end: u64,
    env_start: u64,
    env_end: u64,
    auxv: u64,
    auxv_size: u32,
    exe_fd: u32,
}

impl Map {
    fn of_this_process() -> Result<Map> {
        Ok(Map::of(&file::text("/proc/self/stat")?).ok_or_else(cannot)?)
    }

    /// Of a process, from its `/proc/PID/stat`; see proc_pid_stat(5).
    fn of(stat: &str) -> Option<Map> {
        let fields: Vec<u64> =
            stat.rsplit_once(") ")?.1.split_ascii_whitespace().map(|f| f.parse().unwrap_or(0)).collect();
        // The first field here is the third of all.
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Map {
            start_code: field(26)?,
            end_code: field(27)?,
            start_data: field(45)?,
            end_data: field(46)?,
            start_brk: field(47)?,
            brk: 0,
            start_stack: field(28)?,
            arg_start: field(48)?,
            arg_end: field(49)?,
            env_start: field(50)?,
            env_end: field(51)?,
            auxv: 0,
            auxv_size: 0,
            exe_fd: u32::MAX,
        })
    }

    /// Puts `block` where the environment was when this process began, as far as there is room, and nothing after it.
    fn overwrite_environment(&self, block: &[u8]) {
        let length = self.env_end.saturating_sub(self.env_start) as usize;
        if self.env_start == 0 {
            return;
        }
        // SAFETY: the kernel put the environment there, on this process's stack; nothing points there any more, since
        // the environment was replaced.
        let old = unsafe { std::slice::from_raw_parts_mut(self.env_start as *mut u8, length) };
        old.fill(0);
        let part = block.len().min(length);
        old[..part].copy_from_slice(&block[..part]);
    }

    fn set(&mut self) -> nix::Result<()> {
        // SAFETY: asks for the present end of the heap.
        self.brk = unsafe { libc::sbrk(0) } as u64;
        let option = libc::PR_SET_MM_MAP as libc::c_ulong;
        // SAFETY: the kernel reads the struct, whose size is given.
        let done = unsafe {
            libc::prctl(libc::PR_SET_MM, option, std::ptr::from_mut(self), size_of::<Map>(), 0usize)
        };
        Errno::result(done).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_read_as_the_kernel_shows_them() {
        let m =
            Mapping::of("55afbcc0b000-55afbcc10000 r-xp 00002000 fe:00 247030      /usr/bin/a b").unwrap();
        assert_eq!((m.start, m.length, m.offset, m.of_file), (0x55afbcc0b000, 0x5000, 0x2000, true));
        assert_eq!(m.protection, libc::PROT_READ | libc::PROT_EXEC);
        assert!(!Mapping::of("7f5cfb1bd000-7f5cfb1df000 rw-p 00000000 00:00 0 ").unwrap().of_file);
    }

    #[test]
    fn this_program_and_what_of_it_was_written_is_found() {
        static mut WRITTEN: u32 = 1;
        let segments = Segments::of_this_program().unwrap();
        let code = this_program_and_what_of_it_was_written_is_found as *const () as usize;
        assert!(segments.hold(code) && !segments.written(code));
        assert!(segments.written(&raw const WRITTEN as usize));
        assert!(!segments.hold(&raw const code as usize));
    }

    #[test]
    fn memory_is_read_whatever_the_programs_name() {
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        let map = Map::of(&stat.replace("(", "(a) b (")).unwrap();
        assert!(map.start_code < map.end_code && map.env_start <= map.env_end);
    }
}
