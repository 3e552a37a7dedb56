//! Parallel moves: putting every value in its place when places are at once a source and a destination.

use crate::place::{Move, Place};

/// The registers that a set of moves may overwrite; no move of the set uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spare {
    /// Keeps a value of a cycle that is in a general-purpose register or in memory.
    pub general: u8,
    /// Keeps a value of a cycle that is in a floating-point register.
    pub vector: u8,
}

/// The moves in an order in which they can be made one after the other, as if all were made at once. Moves of a place to itself are left
/// out; where the moves form a cycle, one value waits in a spare register.
///
/// No two moves may write to the same place, and two places of the set are the same or do not overlap.
#[must_use]
pub fn order(moves: &[Move], spare: Spare) -> Vec<Move> {
    let mut pending: Vec<Move> = moves.iter().copied().filter(|it| !it.is_idle()).collect();
    let mut ordered = Vec::with_capacity(pending.len());
    while !pending.is_empty() {
        if let Some(index) = (0..pending.len()).find(|&index| is_free(&pending, index)) {
            ordered.push(pending.remove(index));
        } else {
            // Every destination is still a source. A place has one writer, therefore the moves form disjoint cycles, and a spare register
            // serves one after the other.
            let Move { from, to, .. } = pending[0];
            let waiting = match (from, to) {
                (Place::Vector(_), _) | (Place::Memory { .. }, Place::Vector(_)) => Place::Vector(spare.vector),
                (Place::General(_), _) | (Place::Memory { .. }, Place::General(_) | Place::Memory { .. }) => Place::General(spare.general),
            };
            ordered.push(Move { to: waiting, ..pending[0] });
            pending[0] = Move::new(waiting, pending[0].to, pending[0].width);
        }
    }
    ordered
}

/// Whether the destination of a move is not read by another one.
fn is_free(pending: &[Move], index: usize) -> bool {
    let Move { to, width, .. } = pending[index];
    pending.iter().enumerate().all(|(other, it)| other == index || !to.overlaps(width.bytes(), it.from, it.width.bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::place::{Base, Width};

    const SPARE: Spare = Spare { general: 20, vector: 21 };

    /// Six places of each kind; a value never changes its bank, but every kind of register may exchange values with memory.
    fn places() -> Vec<Place> {
        let memory = |index: u32| Place::memory(Base::Incoming, 8 * index);
        (0..6).map(Place::General).chain((0..6).map(Place::Vector)).chain((0..6).map(memory)).collect()
    }

    fn can_move(from: Place, to: Place) -> bool {
        !matches!((from, to), (Place::General(_), Place::Vector(_)) | (Place::Vector(_), Place::General(_)))
    }

    /// What is in a place after the moves, made one after the other, when at first each place held itself.
    fn simulate(moves: &[Move]) -> HashMap<Place, Place> {
        let mut content: HashMap<Place, Place> = HashMap::new();
        for it in moves {
            let value = content.get(&it.from).copied().unwrap_or(it.from);
            content.insert(it.to, value);
        }
        content
    }

    fn check(moves: &[Move]) {
        let ordered = order(moves, SPARE);
        let content = simulate(&ordered);
        for it in moves {
            assert_eq!(content.get(&it.to).copied().unwrap_or(it.to), it.from, "{moves:?} as {ordered:?}");
        }
        let spares = [Place::General(SPARE.general), Place::Vector(SPARE.vector)];
        let targets: Vec<Place> = moves.iter().map(|it| it.to).collect();
        for it in &ordered {
            assert!(targets.contains(&it.to) || spares.contains(&it.to), "{it:?} writes elsewhere");
            assert!(can_move(it.from, it.to), "{it:?} changes the bank");
        }
    }

    fn double(from: Place, to: Place) -> Move {
        Move::new(from, to, Width::Double)
    }

    #[test]
    fn a_chain_starts_at_its_free_end() {
        let general = Place::General;
        let moves = [double(general(1), general(2)), double(general(2), general(3)), double(general(0), general(1))];
        assert_eq!(order(&moves, SPARE), [moves[1], moves[0], moves[2]]);
    }

    #[test]
    fn a_value_in_its_place_is_left_alone() {
        assert_eq!(order(&[double(Place::Vector(3), Place::Vector(3))], SPARE), []);
    }

    #[test]
    fn a_swap_goes_through_the_spare_register_of_its_bank() {
        for (a, b, spare) in [
            (Place::General(0), Place::General(1), Place::General(SPARE.general)),
            (Place::Vector(0), Place::Vector(1), Place::Vector(SPARE.vector)),
            (Place::memory(Base::Incoming, 0), Place::memory(Base::Incoming, 8), Place::General(SPARE.general)),
        ] {
            assert_eq!(order(&[double(a, b), double(b, a)], SPARE), [double(a, spare), double(b, a), double(spare, b)]);
        }
    }

    #[test]
    fn memory_conflicts_where_the_bytes_overlap() {
        let memory = |offset| Place::memory(Base::Incoming, offset);
        let narrow = Move::new(Place::General(0), memory(2), Width::Half);
        let wide = Move::new(memory(0), Place::General(1), Width::Word);
        assert_eq!(order(&[narrow, wide], SPARE), [wide, narrow]);
        let beside = Move::new(memory(4), Place::General(1), Width::Word);
        assert_eq!(order(&[narrow, beside], SPARE), [narrow, beside]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_set_is_as_if_made_at_once(targets in shuffle_of_places(), sources in prop::collection::vec(0_usize..18, 18), count in 0_usize..=18) {
            let places = places();
            let moves: Vec<Move> = targets.iter().zip(&sources).take(count).map(|(&to, &from)| double(places[from], to))
                .filter(|it| can_move(it.from, it.to)).collect();
            check(&moves);
        }

        #[test]
        fn any_permutation_within_a_bank(general in permutation(), vector in permutation(), memory in permutation()) {
            let places = places();
            let bank = |start: usize, order: &[usize]| -> Vec<Move> {
                order.iter().enumerate().map(|(to, &from)| double(places[start + from], places[start + to])).collect()
            };
            check(&[bank(0, &general), bank(6, &vector), bank(12, &memory)].concat());
        }
    }

    fn shuffle_of_places() -> impl Strategy<Value = Vec<Place>> {
        Just(places()).prop_shuffle()
    }

    fn permutation() -> impl Strategy<Value = Vec<usize>> {
        Just((0..6).collect::<Vec<usize>>()).prop_shuffle()
    }
}
