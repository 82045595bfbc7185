//! Looks for an order of operations that explains what was seen (J. Wing, C. Gong, "Testing and verifying concurrent
//! objects", 1993).

use super::channels::{Model, Operation, Outcome};
use std::collections::HashSet;

/// An operation that was carried out.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) operation: Operation,
    pub(crate) outcome: Outcome,
    pub(crate) called: u64,
    pub(crate) returned: u64,
}

/// Whether some order of the agents' events, which keeps to the times that were seen, is one of the model's.
pub(crate) fn explains(model: Model, agents: &[Vec<Event>]) -> bool {
    let mut seen = HashSet::new();
    // How many events of each agent are over, and the state then.
    let mut open = vec![(vec![0; agents.len()], model)];
    while let Some((places, model)) = open.pop() {
        let heads = heads(agents, &places);
        if heads.is_empty() {
            return true;
        }
        if !seen.insert((places.clone(), model.clone())) {
            continue;
        }
        for (index, (agent, event)) in heads.iter().enumerate() {
            if event.outcome == Outcome::Nothing {
                let promised = |channel: usize| {
                    heads.iter().filter(|(_, event)| selects_to_send(event) == Some(channel)).count()
                };
                if model.has_nothing(&event.operation, promised) {
                    open.push((advanced(&places, &[*agent]), model.clone()));
                }
            } else if let Some(next) = model.after(&event.operation, event.outcome) {
                open.push((advanced(&places, &[*agent]), next));
            }
            for (other, partner) in &heads[index + 1..] {
                if model.can_meet((&event.operation, event.outcome), (&partner.operation, partner.outcome)) {
                    open.push((advanced(&places, &[*agent, *other]), model.clone()));
                }
            }
        }
    }
    false
}

/// The agents' next events that may come first: no other one had returned before they were called.
fn heads<'a>(agents: &'a [Vec<Event>], places: &[usize]) -> Vec<(usize, &'a Event)> {
    let next = |(agent, events): (usize, &'a Vec<Event>)| Some((agent, events.get(places[agent])?));
    let heads: Vec<_> = agents.iter().enumerate().filter_map(next).collect();
    let first_return = heads.iter().map(|(_, event)| event.returned).min().unwrap_or(0);
    heads.into_iter().filter(|(_, event)| event.called < first_return).collect()
}

fn advanced(places: &[usize], agents: &[usize]) -> Vec<usize> {
    let mut next = places.to_vec();
    agents.iter().for_each(|agent| next[*agent] += 1);
    next
}

/// The channel that this event has selected to send to.
fn selects_to_send(event: &Event) -> Option<usize> {
    let Operation::Choose { arms, .. } = &event.operation else { return None };
    let (Outcome::Sent(arm) | Outcome::Refused(arm)) = event.outcome else { return None };
    (arms.len() > 1).then(|| arms[arm].channel())
}
