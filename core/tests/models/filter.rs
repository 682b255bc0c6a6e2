//! Conditions on properties of models.

use msgraph::models::{Group, Message, User};
use msgraph::query::{Filter, Null};

#[test]
fn filter_has_parentheses_only_where_needed() {
    let (a, b, c) = (
        || User::CITY.eq("a"),
        || User::CITY.eq("b"),
        || User::CITY.eq("c"),
    );
    for (filter, text) in [
        (
            a().and(b()).and(c()),
            "city eq 'a' and city eq 'b' and city eq 'c'",
        ),
        (
            a().or(b()).or(c()),
            "city eq 'a' or city eq 'b' or city eq 'c'",
        ),
        (
            a().and(b().or(c())),
            "city eq 'a' and (city eq 'b' or city eq 'c')",
        ),
        (
            a().and(b()).or(c()),
            "(city eq 'a' and city eq 'b') or city eq 'c'",
        ),
        (!a().or(b()), "not(city eq 'a' or city eq 'b')"),
        ((!a()).or(b()), "not(city eq 'a') or city eq 'b'"),
        (a().and("x or y"), "city eq 'a' and (x or y)"),
    ] {
        assert_eq!(filter.to_string(), text);
    }
}

#[test]
fn nested_lambda_conditions_have_distinct_variables() {
    let filter: Filter<Group> = Group::OWNERS.any(|owner| {
        let groups = owner.cast::<User>() / User::MEMBER_OF;
        groups.all(|group| {
            let types = group.cast::<Group>() / Group::GROUP_TYPES;
            types.any(|kind| kind.ne("y"))
        })
    });
    assert_eq!(
        filter.to_string(),
        "owners/any(x:x/microsoft.graph.user/memberOf/all(y:y/microsoft.graph.group/\
         groupTypes/any(z:z ne 'y')))"
    );
}

#[test]
fn empty_list_is_refused_at_any_position() {
    let none = || User::CITY.is_in(Vec::<String>::new());
    let reason = "a filter with `in` has an empty list of values";
    assert_eq!(none().finish(), Err(reason));
    assert_eq!((!none()).finish(), Err(reason));
    assert_eq!(User::MAIL.eq(Null).or(none()).finish(), Err(reason));
    assert_eq!(
        Message::CATEGORIES
            .any(|category| category.is_in([""; 0]))
            .clone()
            .finish(),
        Err(reason)
    );
}
