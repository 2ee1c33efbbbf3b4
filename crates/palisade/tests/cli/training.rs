//! A training that goes no further than it is let: its output is a pipe that holds one line, so whoever leaves a line unread knows
//! that the training is in the stage that the line names, or waits at its end.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, tee};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;

use crate::desk::{Desk, Done};

/// How often it is asked whether a training has come somewhere; each time takes a process.
const ASKS_MAX: usize = 3_000;

/// Bytes of one page: a pipe of this size holds one line, however short.
const ONE_LINE: usize = 4_096;

/// A started training.
pub(crate) struct Training {
    child: Child,
    lines: BufReader<File>,
    /// Where the unread line is copied to, to be looked at.
    copy: (OwnedFd, BufReader<File>),
}

impl Drop for Training {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Training {
    /// Starts one on the data folder `d` of `desk`.
    pub(crate) fn start(desk: &Desk) -> Training {
        Training::started(desk.command())
    }

    /// Starts one that is told where a file may grow no further, as a full disk tells it: the signal would end it before.
    pub(crate) fn start_without_signal(desk: &Desk) -> Training {
        let palisade = desk.command();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(palisade.get_program());
        shell.current_dir(desk.path(""));
        Training::started(shell)
    }

    fn started(mut command: Command) -> Training {
        let pipe = || {
            // Packets: a line never shares a page with another.
            let (read, write) = pipe_with(PipeFlags::DIRECT | PipeFlags::CLOEXEC).unwrap();
            fcntl_setpipe_size(&write, ONE_LINE).unwrap();
            (BufReader::new(File::from(read)), write)
        };
        let ((lines, out), (read, write)) = (pipe(), pipe());
        command.args(["train", "--from-store", "--epochs", "15", "--json", "--data", "d"]);
        let child = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
        Training { child, lines, copy: (write, read) }
    }

    /// Reads on until it is in `stage`, whose line stays unread.
    pub(crate) fn reaches(&mut self, stage: &str) {
        let mut all = Vec::new();
        loop {
            let line = self.unread().unwrap_or_else(|| panic!("{stage} was never reached: {all:?}"));
            if line["stage"] == stage {
                return;
            }
            all.push(line);
            self.lines.read_line(&mut String::new()).unwrap();
        }
    }

    /// The line that lies there, once there is one; none where it has ended.
    fn unread(&mut self) -> Option<Value> {
        let (write, read) = &mut self.copy;
        let length = tee(self.lines.get_ref(), write, ONE_LINE, SpliceFlags::empty()).unwrap();
        let mut line = String::new();
        (length > 0).then(|| {
            read.read_line(&mut line).unwrap();
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
        })
    }

    /// Waits, without letting it further, until `is_so` says so.
    pub(crate) fn waits_until(&mut self, mut is_so: impl FnMut() -> bool) {
        for _ in 0..ASKS_MAX {
            if is_so() {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended before");
        }
        panic!("asked {ASKS_MAX} times, and it is not so");
    }

    /// Ends it where it stands (SIGKILL).
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// From now on no file may grow: the disk is full.
    pub(crate) fn fill_the_disk(&self) {
        let pid = Pid::from_child(&self.child);
        let maximum = rustix::process::getrlimit(Resource::Fsize).maximum;
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: Some(0), maximum }).unwrap();
    }

    /// Reads on to its end.
    pub(crate) fn end(mut self) -> Done {
        let (mut out, mut err) = (String::new(), String::new());
        // By lines: what a read of a packet has no room for is lost.
        while self.lines.read_line(&mut out).unwrap() > 0 {}
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Done { code: self.child.wait().unwrap().code().unwrap_or(-1), out, err }
    }
}
