//! The line at the bottom of a terminal.

use std::time::Duration;

const WIDTH: usize = 20;

/// `[=====>      ] 12/40  1 failed  8 s  running: a.lua (1 s), b.lua > a test (3 s)`
pub fn line(
    done: usize,
    total: usize,
    failed: u64,
    elapsed: Duration,
    running: impl Iterator<Item = (String, Duration)>,
    ending: bool,
) -> String {
    let filled = (done * WIDTH).checked_div(total).unwrap_or(0).min(WIDTH);
    let head = if filled < WIDTH { ">" } else { "" };
    let bar = format!("{}{head}{}", "=".repeat(filled), " ".repeat(WIDTH - filled - head.len()));
    let failed = if failed > 0 { format!("  {failed} failed") } else { String::new() };
    let word = if ending { "ending" } else { "running" };
    let running: Vec<String> =
        running.map(|(name, elapsed)| format!("{name} ({} s)", elapsed.as_secs())).collect();
    format!("[{bar}] {done}/{total}{failed}  {} s  {word}: {}", elapsed.as_secs(), running.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        let text = |done| {
            let running = [("a.lua".to_owned(), Duration::from_secs(2))].into_iter();
            line(done, 4, 1, Duration::from_secs(9), running, false)
        };
        assert_eq!(text(0), "[>                   ] 0/4  1 failed  9 s  running: a.lua (2 s)");
        assert_eq!(text(2), "[==========>         ] 2/4  1 failed  9 s  running: a.lua (2 s)");
        assert_eq!(text(4), "[====================] 4/4  1 failed  9 s  running: a.lua (2 s)");
    }
}
