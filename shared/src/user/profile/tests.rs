use serde_json::json;

use super::*;

fn profile(pairs: &[(&str, &str)]) -> Profile {
    let mut profile = Profile::default();
    for (name, value) in pairs {
        profile.set(name.parse().unwrap(), (*value).to_owned()).unwrap();
    }
    profile
}

#[test]
fn claims_are_told_with_the_types_of_the_standard() {
    let given = [
        ("given_name", "Ada"),
        ("website", "https://ada.example/"),
        ("phone_number", "+62 21 555"),
        ("phone_number_verified", "true"),
        ("address.locality", "Jakarta"),
        ("address.formatted", "Jalan 1\nJakarta"),
        ("department", "IT"),
    ];
    let told = profile(&given);
    assert_eq!(told.claim("given_name"), Some(json!("Ada")));
    assert_eq!(told.claim("phone_number_verified"), Some(json!(true)));
    assert_eq!(told.claim("address"), Some(json!({ "locality": "Jakarta", "formatted": "Jalan 1\nJakarta" })));
    assert_eq!(told.claim("department"), Some(json!("IT")));
    for absent in ["family_name", "address.locality", "", "sub"] {
        assert_eq!(told.claim(absent), None, "{absent}");
    }
    assert_eq!(profile(&[("phone_number_verified", "true")]).claim("phone_number_verified"), None);
    assert_eq!(Profile::default().claim("address"), None);
}

#[test]
fn o40_what_is_no_claim_or_no_value_is_refused() {
    for name in
        ["sub", "email", "groups", "acr", "scope", "cnf", "", "Given", "a b", "1a", "a.b", "address", &"a".repeat(65)]
    {
        assert_eq!(name.parse::<ClaimName>(), Err(ClaimError::Name), "{name}");
    }
    for (name, value) in [
        ("profile", "javascript:alert(1)"),
        ("picture", "file:///etc/passwd"),
        ("website", "JavaScript:alert(1)"),
        ("website", "https://"),
        ("website", "https://a.example/\"><script>"),
        ("website", " https://a.example/"),
        ("birthdate", "1990-13-01"),
        ("birthdate", "yesterday"),
        ("phone_number_verified", "yes"),
        ("given_name", ""),
        ("given_name", "a\u{0}b"),
        ("given_name", &"a".repeat(513)),
    ] {
        let set = Profile::default().set(name.parse().unwrap(), value.to_owned());
        assert_eq!(set, Err(ClaimError::Value), "{name} {value}");
    }
    // A value that came in by another way is not told.
    let stored: Profile = serde_json::from_value(json!({ "website": "javascript:alert(1)" })).unwrap();
    assert_eq!(stored.claim("website"), None);
    assert!(serde_json::from_value::<Profile>(json!({ "sub": "x" })).is_err());
}

#[test]
fn a_group_gives_its_members_what_they_have_not() {
    let mut own = profile(&[("tier", "1")]);
    own.adopt(profile(&[("tier", "2"), ("floor", "3"), ("given_name", "Nobody")]));
    assert_eq!(own, profile(&[("tier", "1"), ("floor", "3")]));
    let mut full = Profile::default();
    for number in 0..MOST {
        full.set(format!("c{number}").parse().unwrap(), "x".to_owned()).unwrap();
    }
    assert_eq!(full.set("one_more".parse().unwrap(), "x".to_owned()), Err(ClaimError::Many));
    assert_eq!(full.set("c0".parse().unwrap(), "y".to_owned()), Ok(()));
}
