//! Who knows Go, tokio, Python or Kotlin finds what they know in the guide.
//!
//! Method: the tables of "coming from" are read, and each construct is looked for in the left column of its language's.

const PAGE: &str = include_str!("../src/guide/coming_from.md");

/// A heading of the page, and what its table has to name.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "Go",
        &[
            "go f()",
            "make(chan",
            "select {",
            "sync.WaitGroup",
            "context.",
            "sync.Once",
            "errgroup",
            "time.NewTicker",
        ],
    ),
    (
        "tokio",
        &["tokio::spawn", "JoinSet", "mpsc::", "oneshot", "tokio::select!", "timeout(", "spawn_blocking"],
    ),
    (
        "Python's asyncio",
        &["generator", "`send`", "asyncio.gather", "asyncio.TaskGroup", "asyncio.to_thread", "asyncio.Queue"],
    ),
    ("Kotlin", &["launch", "async", "awaitAll", "withTimeout", "Channel(", "sequence"]),
];

/// The left column of the table under `heading`, each cell with what stands beside it.
fn table(heading: &str) -> Vec<(&'static str, &'static str)> {
    let mut parts = PAGE.split("\n# ");
    let part = parts.find(|part| {
        part.starts_with(&format!("{heading}\n")) || part.starts_with(&format!("# {heading}\n"))
    });
    let rows = part.expect("a part of that name").lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| row.split_once(" | ")).collect()
}

#[test]
fn each_construct_has_its_row() {
    for (heading, constructs) in KNOWN {
        let rows = table(heading);
        for construct in *constructs {
            let row = rows.iter().find(|(left, _)| left.contains(construct));
            let (_, right) = row.unwrap_or_else(|| panic!("{heading}: no row for {construct}"));
            assert!(
                right.contains("](") || right.contains('`'),
                "{heading}: {construct} names nothing of sisal's"
            );
        }
    }
}
