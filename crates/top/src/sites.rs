//! The fibers by state and place, as `/debug/sites` lists them.
//!
//! Knows nothing of how they are drawn.

/// So many fibers of one state, spawned at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) state: String,
    pub(crate) count: u64,
    pub(crate) place: String,
}

/// The rows, those with most fibers first. What is no row is passed over.
pub(crate) fn parse(page: &str) -> Vec<Site> {
    let mut sites: Vec<Site> = page.lines().filter_map(row).collect();
    sites.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.place.cmp(&b.place)));
    sites
}

fn row(line: &str) -> Option<Site> {
    let mut parts = line.splitn(3, '\t');
    let (state, count, place) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    Some(Site { state: state.to_owned(), count, place: place.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_comes_first() {
        let sites = parse("parked\t2\tb.rs:1\nnonsense\nready\t30\ta.rs:7\nparked\t2\ta.rs:9\n");
        let rows: Vec<_> = sites.iter().map(|site| (&*site.state, site.count, &*site.place)).collect();
        assert_eq!(rows, [("ready", 30, "a.rs:7"), ("parked", 2, "a.rs:9"), ("parked", 2, "b.rs:1")]);
    }
}
