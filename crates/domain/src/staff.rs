//! What people of the staff are trusted with, as words.

/// A role. A person may have several; somebody of a partner has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees the books.
    Viewer,
    /// Works on what does not agree, and proposes what to do about it.
    Reconciler,
    /// Decides what others propose.
    Approver,
    /// Proposes programs and cares for their campaigns.
    ProgramManager,
    /// Sees who did what.
    Auditor,
    /// Says who may sign in, and as what. Decides nothing else.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Viewer,
        Self::Reconciler,
        Self::Approver,
        Self::ProgramManager,
        Self::Auditor,
        Self::Administrator,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Reconciler => "reconciler",
            Self::Approver => "approver",
            Self::ProgramManager => "program_manager",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// From the stored word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether what this role says lets something happen: an installation may ask a second factor of it.
    pub fn decides(self) -> bool {
        matches!(self, Self::Approver | Self::Administrator)
    }

    fn bit(self) -> u8 {
        match self {
            Self::Viewer => 1,
            Self::Reconciler => 2,
            Self::Approver => 4,
            Self::ProgramManager => 8,
            Self::Auditor => 16,
            Self::Administrator => 32,
        }
    }
}

/// The roles of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

impl Roles {
    /// None: nothing may be seen or done.
    pub const NONE: Self = Self(0);
    /// Those of whoever could sign in before there were roles: all but the auditor's and the administrator's.
    pub const WORKING: Self = Self(1 | 2 | 4 | 8);
    /// All of them.
    pub const ALL: Self = Self(63);

    /// Whether this role is among them.
    pub fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles in their order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// Whether one of them [decides](Role::decides).
    pub fn decide(self) -> bool {
        self.iter().any(Role::decides)
    }

    /// The stored words, in order.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Role::name).collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_word_and_its_place_in_a_set() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
            let only = Roles::from_iter([role]);
            assert_eq!(only.iter().collect::<Vec<_>>(), [role]);
            assert_eq!(only.names(), [role.name()]);
            assert!(Roles::ALL.has(role) && !Roles::NONE.has(role));
        }
        assert_eq!(Role::parse("root"), None);
        assert_eq!(Roles::from_iter(Role::ALL), Roles::ALL);
        assert!(Roles::NONE.is_empty() && !Roles::WORKING.is_empty());
    }

    #[test]
    fn who_could_sign_in_before_there_were_roles_keeps_the_work_and_gets_no_more() {
        let kept = [Role::Viewer, Role::Reconciler, Role::Approver, Role::ProgramManager];
        assert_eq!(Roles::from_iter(kept), Roles::WORKING);
    }

    #[test]
    fn a_second_factor_may_be_asked_of_those_who_decide() {
        let decide: Vec<Role> = Role::ALL.into_iter().filter(|role| role.decides()).collect();
        assert_eq!(decide, [Role::Approver, Role::Administrator]);
        assert!(Roles::WORKING.decide());
        assert!(!Roles::from_iter([Role::Viewer, Role::Reconciler, Role::ProgramManager]).decide());
    }
}
