//! Why a coupon counts, or does not.

use super::Entry;

pub(super) const COUPONS: &[Entry] = &[
    (
        "no_coupon_shown",
        "the rule demands a coupon, and none was shown",
        "по правилу нужен купон, а его не предъявили",
    ),
    ("coupon_unknown", "nobody has given out such a code", "такого кода купона никто не выпускал"),
    (
        "coupon_not_looked_up",
        "too many wrong codes were shown that day: coupons are looked at again tomorrow",
        "за день предъявлено слишком много неверных кодов: купоны снова проверяются завтра",
    ),
    ("coupon_of_another_member", "the coupon is another member's", "это купон другого участника"),
    ("coupon_revoked", "the coupon was taken out of use", "купон отозван"),
    ("coupon_of_another_campaign", "the coupon is of another campaign", "это купон другой кампании"),
    (
        "coupon_not_yet_valid",
        "the campaign of the coupon has not begun",
        "кампания этого купона ещё не началась",
    ),
    ("coupon_ended", "the campaign of the coupon has ended", "кампания этого купона закончилась"),
    ("coupon_used_up", "other purchases have used the coupon up", "купон уже использован в других покупках"),
    (
        "coupon_used_by_member",
        "the member has used as many coupons of the campaign as one may",
        "участник уже использовал столько купонов этой кампании, сколько можно",
    ),
    ("coupon_counts", "the coupon counts", "купон действует"),
    (
        "another_coupon_counts",
        "another coupon counts for the purchase already",
        "в этой покупке уже действует другой купон",
    ),
    (
        "coupon_without_use",
        "no rule gives anything for the coupon here",
        "здесь ни одно правило ничего не даёт за купон",
    ),
];
