//! Places for connections: so many in all, and no more for one address than its share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::AddressBlock;

/// The places of one listener.
#[derive(Clone)]
pub(crate) struct Places(Arc<Shared>);

struct Shared {
    total: usize,
    per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<AddressBlock, usize>,
}

/// A place that is taken until this is dropped.
pub(crate) struct Place {
    shared: Arc<Shared>,
    address: Option<AddressBlock>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// All are taken.
    Full,
    /// The address has its share.
    Share,
}

impl NoPlace {
    /// As a label.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Full => "listener_full",
            Self::Share => "address_share",
        }
    }
}

impl Places {
    /// So many places in all, and for one address.
    pub(crate) fn new(total: usize, per_address: usize) -> Self {
        Self(Arc::new(Shared { total, per_address, taken: Mutex::default() }))
    }

    /// Takes a place; for whom is not known yet.
    ///
    /// # Errors
    ///
    /// [`NoPlace::Full`].
    pub(crate) fn take(&self) -> Result<Place, NoPlace> {
        self.0.with(|taken| {
            if taken.all >= self.0.total {
                return Err(NoPlace::Full);
            }
            taken.all += 1;
            Ok(())
        })?;
        Ok(Place { shared: Arc::clone(&self.0), address: None })
    }

    /// Whether nobody has a place.
    #[cfg(test)]
    pub(crate) fn is_free(&self) -> bool {
        self.0.with(|taken| taken.all == 0 && taken.by_address.is_empty())
    }
}

impl Place {
    /// Counts the place to the share of `address`, once that is known.
    ///
    /// An address may hold as many places as are free, this one included, even if its share is larger: the
    /// last ones are for those who have few.
    ///
    /// # Errors
    ///
    /// [`NoPlace::Share`] if it is used up.
    pub(crate) fn assign(&mut self, address: AddressBlock) -> Result<(), NoPlace> {
        self.shared.with(|taken| {
            let free = self.shared.total - taken.all + 1;
            let held = taken.by_address.get(&address).copied().unwrap_or_default();
            if held >= self.shared.per_address.min(free) {
                return Err(NoPlace::Share);
            }
            taken.by_address.insert(address, held + 1);
            Ok(())
        })?;
        self.address = Some(address);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.with(|taken| {
            taken.all -= 1;
            let Some(address) = self.address else { return };
            if let Some(held) = taken.by_address.get_mut(&address) {
                *held -= 1;
                if *held == 0 {
                    taken.by_address.remove(&address);
                }
            }
        });
    }
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Taken) -> T) -> T {
        act(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn enter(places: &Places, address: &str) -> Result<Place, NoPlace> {
        let mut place = places.take()?;
        place.assign(AddressBlock::from(address.parse::<IpAddr>().unwrap()))?;
        Ok(place)
    }

    #[test]
    fn an_address_gets_its_share_and_everybody_together_what_there_is() {
        let places = Places::new(10, 2);
        let first = enter(&places, "192.0.2.1").unwrap();
        let _second = enter(&places, "192.0.2.1").unwrap();
        assert_eq!(enter(&places, "192.0.2.1").err(), Some(NoPlace::Share));
        let others: Vec<_> = (2..10).map(|n| enter(&places, &format!("192.0.2.{n}")).unwrap()).collect();
        assert_eq!(enter(&places, "192.0.2.99").err(), Some(NoPlace::Full));
        drop(first);
        assert!(enter(&places, "192.0.2.99").is_ok());
        drop(others);
        assert_eq!(enter(&places, "192.0.2.1").map(drop), Ok(()));
    }

    #[test]
    fn the_last_places_are_for_those_who_have_few() {
        let places = Places::new(10, 100);
        let greedy: Vec<_> = (0..20).map_while(|_| enter(&places, "192.0.2.1").ok()).collect();
        assert_eq!(greedy.len(), 5);
        let next: Vec<_> = (0..20).map_while(|_| enter(&places, "192.0.2.2").ok()).collect();
        assert_eq!(next.len(), 3);
        assert!(enter(&places, "192.0.2.3").is_ok());
    }

    #[test]
    fn nothing_is_remembered_of_who_has_left() {
        let places = Places::new(2, 2);
        for number in 0..100 {
            let _place = enter(&places, &format!("192.0.2.{number}")).unwrap();
        }
        let address = AddressBlock::from("192.0.2.1".parse::<IpAddr>().unwrap());
        let (mine, mut refused) = (enter(&places, "192.0.2.1").unwrap(), places.take().unwrap());
        assert_eq!(refused.assign(address), Err(NoPlace::Share));
        drop(refused);
        drop(mine);
        assert!(places.is_free());
    }
}
