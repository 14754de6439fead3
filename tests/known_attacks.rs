//! What has gone wrong in other providers, and what they were asked that nobody should ask: each with the tests here that would
//! have caught it. The ids are CVE numbers, advisories or issues of theirs, or of our own list of bad requests (O-…).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What happened, and the tests that ask for it.
const KNOWN: &[(&str, &[&str])] = &[
    // A second factor that could be left out.
    (
        "CVE-2026-18963",
        &["w_20_no_step_can_be_skipped_and_no_sign_in_moved_to_another_browser", "rec7_w20_random_walks_on_postgres"],
    ),
    ("CVE-2026-94218", &["rec7_w20_random_walks_on_sqlite", "p21_set_up_is_put_off_as_policy_grants_and_no_other_way"]),
    (
        "CVE-2026-96445",
        &["sec_4_w_21_a_forged_source_earns_no_further_tries", "a_sign_in_is_asked_as_where_each_request_comes_from"],
    ),
    ("CVE-2025-64103", &["cve_2024_38371_whatever_the_grant_the_same_policy_counts"]),
    (
        "CVE-2026-119128",
        &["w_22_a_cookie_that_cannot_be_ours_is_none", "w_22_a_cookie_that_is_not_ours_remembers_nothing"],
    ),
    ("CVE-2026-105211", &["everything_about_a_person_is_shown_and_no_secret", "what_is_due_besides_a_code_is_named"]),
    (
        "CVE-2024-47070",
        &[
            "sec4_w04_what_cannot_be_read_is_refused",
            "w_05_w_11_w_12_w_18_what_our_forms_never_send_is_refused_as_a_whole",
        ],
    ),
    ("CVE-2026-49443", &["w_05_w_11_w_12_w_18_what_our_forms_never_send_is_refused_as_a_whole"]),
    (
        "CVE-2023-26481",
        &["w_20_no_flow_of_a_browser_and_no_browser_with_a_flow", "eml3_a_code_of_one_sign_in_is_no_good_in_another"],
    ),
    ("GHSA-hp74-gm6m-2qm5", &["rec11_a_code_that_was_shown_to_log_in_confirms_nothing"]),
    ("Kratos discussion 3408", &["what_is_due_besides_a_code_is_named", "p11_p12_a_code_is_good_once_over_all_doors"]),
    (
        "CVE-2018-14657",
        &["otp8_the_hard_stop_and_its_way_out", "p23_a_locked_person_is_refused_with_the_right_code_until_unlocked"],
    ),
    ("Rauthy 0.32.4", &["o34_what_ends_a_grant_ends_its_refresh_token", "what_a_client_loses_ends_its_visits"]),
    // Guessing.
    ("GHSA-7h8m-vrxx-vr4m", &["t3_of_sixty_four_wrong_passwords_at_once_five_are_judged"]),
    (
        "GHSA-7j7j-66cv-m239",
        &["p14_otp8_parallel_guesses_are_judged_up_to_the_budget", "rec5_wrong_recovery_codes_have_their_own_budget"],
    ),
    ("CVE-2025-64102", &["eml4_three_of_five_hundred_parallel_guesses_are_judged"]),
    (
        "CVE-2026-9798",
        &["p23_a_right_code_is_refused_while_locked_and_not_spent", "o42_policy_is_asked_again_when_the_device_comes"],
    ),
    ("CVE-2026-16103", &["o42_policy_is_asked_again_when_the_device_comes"]),
    (
        "CVE-2026-47203",
        &["p35_case_blanks_and_look_alikes_are_mapped", "names_and_addresses_are_taken_once_whatever_their_case"],
    ),
    ("CVE-2026-16100", &["sec_6_what_strangers_say_makes_no_series_and_is_in_none"]),
    ("Pocket ID, limits on loopback", &["sec_4_w_21_a_forged_source_earns_no_further_tries"]),
    // Telling who there is.
    ("CVE-2023-39522", &["w_25_same_all_who_cannot_sign_in_are_told_the_same"]),
    ("CVE-2026-23511", &["w_25_pw_7_same_all_who_get_no_token_are_told_the_same"]),
    ("Rauthy #1487", &["w_25_asked_a_thousand_times_it_is_one_request_and_few_letters"]),
    // Redirects.
    ("CVE-2024-8883", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2024-1132", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2023-6291", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2026-7504", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2026-3872", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2026-18206", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2026-18211", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2026-9689", &["oau21_a_repeated_parameter_is_refused"]),
    ("CVE-2024-52289", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2026-41569", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2020-15234", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2020-15233", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("CVE-2021-29456", &["o32_no_browser_goes_where_the_client_has_not_registered"]),
    ("Pocket ID 8a75774", &["o23_prompt_none_never_asks"]),
    (
        "CVE-2024-21637",
        &[
            "o01_to_o07_an_address_that_is_not_registered_gets_nothing",
            "o20_form_post_brings_everything_back_as_it_was",
        ],
    ),
    ("CVE-2023-6134", &["o20_form_post_brings_everything_back_as_it_was"]),
    // What is good once, and what has ended.
    (
        "CVE-2026-1035",
        &[
            "o34_of_50_at_once_on_two_servers_one_wins",
            "o13_o15_o34_o42_what_is_good_once_stays_so_over_two_servers_and_restarts",
        ],
    ),
    ("CVE-2026-9802", &["o13_o15_o34_o42_what_is_good_once_stays_so_over_two_servers_and_restarts"]),
    (
        "CVE-2026-8922",
        &[
            "o35_what_is_given_back_is_worth_nothing_here_at_once_and_anywhere_in_a_second",
            "what_ends_a_token_ends_what_is_told_of_it",
        ],
    ),
    ("CVE-2026-96446", &["a_pushed_request_leads_to_one_code_whatever_the_prompt"]),
    ("CVE-2020-5300", &["o15_an_assertion_is_good_once_on_all_servers"]),
    (
        "CVE-2020-15223",
        &["f4_a_database_that_is_gone_or_read_only_is_named", "t8_a_token_changed_by_hand_opens_nothing"],
    ),
    ("MAS dcf739cf6", &["o42_of_fifty_devices_with_one_code_one_gets_in"]),
    ("CVE-2026-43983", &["o34_what_ends_a_grant_ends_its_refresh_token"]),
    ("CVE-2025-29928", &["what_ends_a_session_or_account_ends_codes_and_tokens"]),
    (
        "CVE-2025-64521",
        &[
            "what_ends_a_session_or_account_ends_codes_and_tokens",
            "ses6_t4_who_is_disabled_at_one_server_is_refused_by_the_other_within_a_second",
        ],
    ),
    ("CVE-2025-12390", &["ses_3_every_level_has_its_own_cookie_and_a_planted_one_is_worth_nothing"]),
    ("CVE-2024-7341", &["ses_3_every_level_has_its_own_cookie_and_a_planted_one_is_worth_nothing"]),
    ("GHSA-mq4x-r2w3-j7mr", &["ses_3_every_level_has_its_own_cookie_and_a_planted_one_is_worth_nothing"]),
    ("CVE-2023-6787", &["t5_who_turns_back_leaves_nothing_behind"]),
    (
        "CVE-2023-48228",
        &[
            "o12_o13_a_wrong_redemption_burns_the_code_only_at_the_fifth",
            "fapi2_security_profile_final_ensure_pkce_code_verifier_required",
        ],
    ),
    ("CVE-2024-23647", &["o11_a_challenge_is_s256_or_an_error"]),
    ("CVE-2024-22258", &["o11_a_challenge_is_s256_or_an_error"]),
    ("CVE-2022-39222", &["fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client"]),
    ("CVE-2024-47077", &["o36_a_token_is_told_of_to_its_own_client_only"]),
    ("CVE-2024-52287", &["o19_a_refresh_gives_no_more_than_was_granted", "o19_scopes_are_narrowed_to_what_there_is"]),
    ("CVE-2024-38371", &["cve_2024_38371_whatever_the_grant_the_same_policy_counts"]),
    ("GHSA-7qjx-gp9h-65qj", &["cve_2024_38371_whatever_the_grant_the_same_policy_counts"]),
    // Algorithms, and who a client is.
    ("CVE-2026-9793", &["o29_a_request_object_that_is_no_good_is_told_to_the_client"]),
    (
        "CVE-2026-18569",
        &["o17_o18_only_our_own_header_and_three_plain_parts_are_read", "o17_o27_a_hint_is_ours_or_nothing"],
    ),
    ("CVE-2026-37977", &["o37_only_the_origins_of_apps_without_a_secret_read_what_is_theirs"]),
    ("CVE-2025-0604", &["t9_every_page_and_action_of_the_console_asks_for_the_role"]),
    ("CVE-2025-4144", &["o14_clients_prove_themselves_one_way_and_their_own"]),
    (
        "OpenID audience injection, 2025",
        &["fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails"],
    ),
    // Requests that servers make, text that pages show, and proxies.
    ("CVE-2020-10770", &["o09_o10_o29_what_is_not_supported_is_told_to_the_client"]),
    ("CVE-2026-4874", &["ssrf_keys_at_an_address_are_fetched_with_care_and_again_when_they_change"]),
    ("CVE-2026-1180", &["ssrf_keys_at_an_address_are_fetched_with_care_and_again_when_they_change"]),
    ("CVE-2026-15572", &["t5_a_client_that_has_registered_itself_learns_little"]),
    ("GO-2026-4861", &["w_27_what_an_error_page_is_asked_with_stands_on_it_as_text_or_not_at_all"]),
    ("Kanidm, HTML in names", &["w_13_w_14_names_are_shown_and_never_obeyed"]),
    ("GO-2026-4807", &["w_17_an_order_or_a_filter_that_the_list_has_not_is_refused"]),
    (
        "CVE-2020-10734",
        &["o30_without_a_hint_the_person_is_asked", "o33_a_form_of_another_site_is_asked_again_and_states_are_encoded"],
    ),
    ("GHSA-2wmj-46rj-qm2w", &["w_04_the_link_in_a_letter_is_ours_whatever_the_asking_request_says"]),
    ("CVE-2021-32637", &["sec4_w04_what_cannot_be_read_is_refused"]),
    ("CVE-2026-25748", &["sec4_w04_what_cannot_be_read_is_refused", "w_22_a_cookie_that_cannot_be_ours_is_none"]),
    ("CVE-2023-36456", &["sec4_w04_what_cannot_be_read_is_refused", "what_an_application_is_told_of_somebody"]),
    ("Kanidm, filters without end", &["w_05_numbers_beyond_all_bounds_and_deep_nesting_are_refused_at_once"]),
    (
        "GHSA-xxwr-vvr3-2g9f",
        &[
            "t9_every_page_and_action_of_the_console_asks_for_the_role",
            "w_18_rec12_no_form_of_the_console_takes_a_field_that_it_has_not",
        ],
    ),
    ("CVE-2022-23555", &["w_26_looking_at_a_link_uses_nothing_and_the_password_uses_it_once"]),
    (
        "CVE-2026-40166",
        &[
            "everything_about_a_person_is_shown_and_no_secret",
            "t9_every_page_and_action_of_the_console_asks_for_the_role",
        ],
    ),
    (
        "CVE-2025-52553",
        &[
            "t8_a_visit_changed_by_hand_lets_nobody_in",
            "a_ticket_is_good_once_at_its_host_in_its_browser_for_30_seconds",
        ],
    ),
    ("Pocket ID ca28ddc", &["t11_sec10_two_links_make_one_first_administrator"]),
    ("GHSA-gr79-9v6v-gc9r", &["f14_a_broken_configuration_is_named_with_its_place"]),
    // Bad requests.
    ("O-01", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("O-02", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("O-03", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    (
        "O-04",
        &["o01_to_o07_an_address_that_is_not_registered_gets_nothing", "o04_a_browser_comes_back_to_nowhere_else"],
    ),
    (
        "O-05",
        &[
            "o01_to_o07_an_address_that_is_not_registered_gets_nothing",
            "a_public_client_on_a_loopback_port_is_held_by_pkce_alone",
        ],
    ),
    ("O-06", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("O-07", &["o01_to_o07_an_address_that_is_not_registered_gets_nothing"]),
    ("O-08", &["o08_a_client_that_is_none_gets_a_page"]),
    ("O-09", &["o09_o10_o29_what_is_not_supported_is_told_to_the_client"]),
    ("O-10", &["o09_o10_o29_what_is_not_supported_is_told_to_the_client"]),
    ("O-11", &["o11_a_challenge_is_s256_or_an_error"]),
    ("O-12", &["o12_o13_a_wrong_redemption_burns_the_code_only_at_the_fifth"]),
    (
        "O-13",
        &[
            "o13_of_64_redemptions_at_two_servers_one_wins_and_its_token_dies",
            "o13_a_second_use_is_refused_also_later_and_revokes",
        ],
    ),
    ("O-14", &["o14_clients_prove_themselves_one_way_and_their_own", "o14_token_requests_are_forms_and_nothing_else"]),
    (
        "O-15",
        &[
            "o15_an_assertion_that_is_not_for_us_now_and_from_the_client_is_refused",
            "o15_an_assertion_is_good_once_on_all_servers",
        ],
    ),
    ("O-16", &["o16_a_kid_is_a_name_among_the_clients_own_and_nothing_else"]),
    ("O-17", &["o16_o17_o18_what_can_be_read_in_two_ways_is_not_read", "o17_o27_a_hint_is_ours_or_nothing"]),
    (
        "O-18",
        &["o16_o17_o18_what_can_be_read_in_two_ways_is_not_read", "o15_o18_a_time_is_whole_seconds_and_an_end_is_near"],
    ),
    (
        "O-19",
        &[
            "o19_scopes_are_narrowed_to_what_there_is",
            "o19_a_refresh_gives_no_more_than_was_granted",
            "o19_a_machine_gets_nothing_else",
        ],
    ),
    ("O-20", &["o20_the_state_comes_back_byte_for_byte", "o20_form_post_brings_everything_back_as_it_was"]),
    ("O-21", &["o21_the_nonce_is_echoed_exactly"]),
    ("O-22", &["o22_conformance_what_must_be_tolerated_is", "o09_o10_o29_what_is_not_supported_is_told_to_the_client"]),
    ("O-23", &["o23_prompt_none_never_asks", "o23_consent_is_asked_where_a_client_asks_for_that"]),
    ("O-24", &["o24_max_age_and_prompt_login_ask_again"]),
    ("O-25", &["o25_o26_levels_are_reached_or_refused", "o25_a_web_app_may_ask_for_more_than_policy"]),
    (
        "O-26",
        &["o25_o26_levels_are_reached_or_refused", "o26_a_claims_parameter_that_asks_for_anything_else_is_let_be"],
    ),
    ("O-27", &["o17_o27_a_hint_is_ours_or_nothing"]),
    ("O-28", &["o28_a_login_hint_is_a_prefilled_field_at_most"]),
    ("O-29", &["o29_a_request_that_is_signed_counts_alone", "o09_o10_o29_what_is_not_supported_is_told_to_the_client"]),
    ("O-30", &["o30_without_a_hint_the_person_is_asked"]),
    ("O-31", &["o31_another_hint_is_no_reason_to_end_a_session"]),
    ("O-32", &["o32_no_browser_goes_where_the_client_has_not_registered"]),
    ("O-33", &["o33_a_form_of_another_site_is_asked_again_and_states_are_encoded"]),
    (
        "O-34",
        &["o34_an_old_refresh_token_ends_all_that_came_of_its_grant", "o34_what_ends_a_grant_ends_its_refresh_token"],
    ),
    (
        "O-35",
        &[
            "o35_userinfo_takes_a_live_access_token_and_nothing_else",
            "o35_what_is_given_back_is_worth_nothing_here_at_once_and_anywhere_in_a_second",
        ],
    ),
    ("O-36", &["o36_a_token_is_told_of_to_its_own_client_only", "o36_a_token_is_given_back_by_its_own_client_only"]),
    ("O-37", &["o37_only_the_origins_of_apps_without_a_secret_read_what_is_theirs"]),
    ("O-38", &["o38_the_documents_are_true_and_public"]),
    (
        "O-39",
        &[
            "registration_is_off_unless_it_is_turned_on",
            "o39_one_logo_is_fetched_once_whoever_asks",
            "o39_a_logo_is_fetched_with_care_and_refused_by_what_it_is",
            "o39_svg_html_and_whatever_else_is_no_picture_is_refused",
            "o39_what_is_larger_than_it_looks_is_refused_before_there_is_room_for_it",
            "ssrf_keys_at_an_address_are_fetched_with_care_and_again_when_they_change",
        ],
    ),
    ("O-40", &["o40_what_is_no_claim_or_no_value_is_refused"]),
    ("O-41", &["o41_who_has_the_name_of_somebody_else_has_nothing_else_of_them"]),
    (
        "O-42",
        &[
            "o42_codes_are_not_guessed",
            "o42_a_device_is_told_why_it_waits_no_longer",
            "o42_policy_is_asked_again_when_the_device_comes",
        ],
    ),
];

#[test]
fn whatever_is_known_is_tested_by_tests_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut words = BTreeSet::new();
    for folder in ["tests", "shared/src", "idp-server/src", "pam-module/src"] {
        gather(&root.join(folder), &mut words);
    }
    let pairs = KNOWN.iter().flat_map(|(id, tests)| tests.iter().map(move |test| (id, test)));
    let missing: Vec<_> = pairs.filter(|(_, test)| !words.contains(**test)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
    let ids: BTreeSet<_> = KNOWN.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), KNOWN.len(), "an id is there twice");
    for number in 1..=42 {
        assert!(ids.contains(format!("O-{number:02}").as_str()), "O-{number:02}");
    }
    assert!(KNOWN.iter().all(|(_, tests)| !tests.is_empty()));
}

/// All names below a folder: those of functions, and of what macros make tests of.
fn gather(folder: &Path, words: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "node_modules") {
            gather(&path, words);
        } else if path.extension().is_some_and(|end| end == "rs")
            && path.file_stem().is_none_or(|name| name != "known_attacks")
        {
            let text = fs::read_to_string(&path).unwrap();
            let named = text.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'));
            words.extend(named.filter(|word| word.contains('_')).map(str::to_owned));
        }
    }
}
