//! What the system says of a process from outside: `/proc`, as Linux has it.

use crate::clock;
use std::{
    io,
    time::{Duration, Instant},
};

/// Ticks a second in `/proc/<pid>/stat`; 100 on every Linux that is not built otherwise.
const TICKS: u64 = 100;

/// The time that the process has spent on a CPU, in user and kernel mode together, all threads.
pub fn cpu(pid: u32) -> io::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may itself hold blanks and parentheses.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_ascii_whitespace().collect::<Vec<_>>());
    let ticks =
        |index: usize| fields.as_ref().and_then(|f| f.get(index)).and_then(|field| field.parse::<u64>().ok());
    // Fields 14 and 15 of proc(5), counted from the state, which is field 3.
    match (ticks(11), ticks(12)) {
        (Some(user), Some(kernel)) => Ok(Duration::from_millis((user + kernel) * 1000 / TICKS)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "/proc/<pid>/stat is not as proc(5) says")),
    }
}

/// What a process did while this went by.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    pub from: Instant,
    pub to: Instant,
    /// Of all cores together.
    pub cpu: Duration,
}

/// Lets so much time go by, and says what CPU the process used in it.
pub async fn spent(pid: u32, length: Duration) -> io::Result<Spent> {
    let (from, before) = (clock::now(), cpu(pid)?);
    tokio::time::sleep(length).await;
    let (to, after) = (clock::now(), cpu(pid)?);
    Ok(Spent { from, to, cpu: after.saturating_sub(before) })
}

/// Waits until the process has done what it was about: for half a second it needs next to no CPU. Gives up after half a
/// minute.
pub async fn rest(pid: u32) -> io::Result<()> {
    for _ in 0..60 {
        if spent(pid, Duration::from_millis(500)).await?.cpu <= Duration::from_millis(10) {
            break;
        }
    }
    Ok(())
}

/// The memory of the process that is in RAM, in KiB.
pub fn resident(pid: u32) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/<pid>/status has no VmRSS"))
}

/// The machine, in a line: CPU model, cores, memory.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "an unknown CPU".into());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .map_or_else(String::new, |kib| format!(", {} GiB", (kib + 512 * 1024) / (1024 * 1024)));
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{model}, {cores} cores{memory}, Linux {}", kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_process_has_memory_and_gets_older() {
        let pid = std::process::id();
        assert!(resident(pid).expect("Linux") > 100);
        let before = cpu(pid).expect("Linux");
        let mut sum = 0u64;
        while cpu(pid).expect("Linux") < before + Duration::from_millis(20) {
            sum = (0..100_000).fold(sum, |sum, n| sum.wrapping_mul(31) ^ n);
        }
        assert!(sum != 1, "the work is not optimised away");
    }
}
