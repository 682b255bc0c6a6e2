//! Pages, and streams over all of them.

mod links;
mod pages;

use msgraph::models::User;

fn ids(users: Vec<User>) -> Vec<String> {
    users.into_iter().filter_map(|user| user.id).collect()
}
