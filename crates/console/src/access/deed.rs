//! The one table of who may do what.

use domain::{Role, Roles};

/// Something that a person may be trusted to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Reads days, transactions, files, breaks, programs.
    SeeBooks,
    /// Reads who changed what.
    SeeAudit,
    /// Assigns, comments, and proposes what becomes of a break.
    WorkCases,
    /// Approves or rejects what is proposed of a break.
    DecideCases,
    /// Proposes a version of a program.
    ProposePrograms,
    /// Approves or rejects a version.
    DecidePrograms,
    /// Takes a proposed version back: it changes nothing.
    WithdrawPrograms,
    /// Says which purchase a refund takes back.
    DecideRefunds,
    /// Proposes a correction of what was settled, or an answer to a dispute.
    ProposeAdjustments,
    /// Approves or rejects such a proposal.
    DecideAdjustments,
    /// Closes a day by hand.
    CloseDays,
    /// Approves a day that was computed.
    ApproveDays,
    /// Asks for a run of corrections.
    ProposeCorrections,
    /// Approves or rejects such a run.
    DecideCorrections,
    /// Gives out coupons, keeps rates and the map of merchants.
    KeepCampaigns,
    /// Gives, takes or moves miles of a member, and corrects his number at the partner.
    ChangeMembers,
    /// Says who may sign in, and as what.
    KeepStaff,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::SeeBooks,
        Self::SeeAudit,
        Self::WorkCases,
        Self::DecideCases,
        Self::ProposePrograms,
        Self::DecidePrograms,
        Self::WithdrawPrograms,
        Self::DecideRefunds,
        Self::ProposeAdjustments,
        Self::DecideAdjustments,
        Self::CloseDays,
        Self::ApproveDays,
        Self::ProposeCorrections,
        Self::DecideCorrections,
        Self::KeepCampaigns,
        Self::ChangeMembers,
        Self::KeepStaff,
    ];

    /// The roles that are trusted with it; one of them is enough.
    pub fn roles(self) -> &'static [Role] {
        use Role::{Administrator, Approver, Auditor, ProgramManager, Reconciler};
        match self {
            Self::SeeBooks => &Role::ALL,
            Self::SeeAudit => &[Auditor, Administrator],
            Self::WorkCases | Self::ProposeAdjustments | Self::ProposeCorrections => &[Reconciler],
            Self::DecideCases
            | Self::DecidePrograms
            | Self::DecideRefunds
            | Self::DecideAdjustments
            | Self::ApproveDays
            | Self::DecideCorrections => &[Approver],
            Self::CloseDays => &[Reconciler, Approver],
            Self::ProposePrograms | Self::KeepCampaigns | Self::ChangeMembers => &[ProgramManager],
            Self::WithdrawPrograms => &[ProgramManager, Approver],
            Self::KeepStaff => &[Administrator],
        }
    }

    /// Whether it lets something happen that another person proposed: it asks for a fresh proof of who decides.
    pub fn decides(self) -> bool {
        matches!(
            self,
            Self::DecideCases
                | Self::DecidePrograms
                | Self::DecideRefunds
                | Self::DecideAdjustments
                | Self::ApproveDays
                | Self::DecideCorrections
        )
    }
}

/// Whether this role is trusted with this deed.
pub fn may(role: Role, deed: Deed) -> bool {
    deed.roles().contains(&role)
}

/// Whether one of these roles is.
pub fn roles_may(roles: Roles, deed: Deed) -> bool {
    roles.iter().any(|role| may(role, deed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x` where the role of the column may: viewer, reconciler, approver, program manager, auditor, administrator.
    const TABLE: [(Deed, &str); 17] = [
        (Deed::SeeBooks, "xxxxxx"),
        (Deed::SeeAudit, "....xx"),
        (Deed::WorkCases, ".x...."),
        (Deed::DecideCases, "..x..."),
        (Deed::ProposePrograms, "...x.."),
        (Deed::DecidePrograms, "..x..."),
        (Deed::WithdrawPrograms, "..xx.."),
        (Deed::DecideRefunds, "..x..."),
        (Deed::ProposeAdjustments, ".x...."),
        (Deed::DecideAdjustments, "..x..."),
        (Deed::CloseDays, ".xx..."),
        (Deed::ApproveDays, "..x..."),
        (Deed::ProposeCorrections, ".x...."),
        (Deed::DecideCorrections, "..x..."),
        (Deed::KeepCampaigns, "...x.."),
        (Deed::ChangeMembers, "...x.."),
        (Deed::KeepStaff, ".....x"),
    ];

    #[test]
    fn the_table_of_deeds_is_as_written_here() {
        assert_eq!(TABLE.map(|(deed, _)| deed), Deed::ALL);
        for (deed, marks) in TABLE {
            let found: String =
                Role::ALL.iter().map(|role| if may(*role, deed) { 'x' } else { '.' }).collect();
            assert_eq!(found, marks, "{deed:?}");
            assert!(!roles_may(Roles::NONE, deed), "nobody without a role may {deed:?}");
            assert!(roles_may(Roles::ALL, deed));
        }
    }

    #[test]
    fn nobody_proposes_and_decides_by_one_role_alone() {
        for role in Role::ALL {
            let proposes =
                [Deed::WorkCases, Deed::ProposePrograms, Deed::ProposeAdjustments, Deed::ProposeCorrections];
            let decides = Deed::ALL.into_iter().any(|deed| deed.decides() && may(role, deed));
            assert!(!(decides && proposes.into_iter().any(|deed| may(role, deed))), "{role:?}");
        }
    }
}
