package dev.parley.work.adapter.ghl;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GhlCredentialTest {
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    @Test
    void a_token_is_due_after_four_fifths_of_its_life() {
        GhlCredential credential = oauth("2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z");

        assertThat(credential.isDue(Instant.parse("2026-11-22T05:11:59Z"))).isFalse();
        assertThat(credential.isDue(Instant.parse("2026-11-22T05:12:00Z"))).isTrue();
    }

    @Test
    void a_token_of_unknown_age_is_due_five_minutes_before_its_end() {
        GhlCredential credential = oauth(null, "2026-11-22T10:00:00Z");

        assertThat(credential.isDue(Instant.parse("2026-11-22T09:54:59Z"))).isFalse();
        assertThat(credential.isDue(Instant.parse("2026-11-22T09:55:00Z"))).isTrue();
    }

    @Test
    void a_token_about_to_end_counts_as_expired() {
        GhlCredential credential = oauth(null, "2026-11-22T10:00:00Z");

        assertThat(credential.isExpired(Instant.parse("2026-11-22T09:59:54Z"))).isFalse();
        assertThat(credential.isExpired(Instant.parse("2026-11-22T09:59:55Z"))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "tomorrow", "2026-11-22", "1795341600"})
    void a_time_nobody_understands_is_unknown_and_the_token_is_used(String time) {
        GhlCredential credential = oauth(null, time);

        assertThat(credential.expiresAt()).isNull();
        assertThat(credential.isDue(NOW)).isFalse();
        assertThat(credential.isExpired(NOW)).isFalse();
    }

    @Test
    void times_with_an_offset_are_understood() {
        assertThat(oauth(null, "2026-11-22T15:45:00+05:45").expiresAt())
                .isEqualTo(Instant.parse("2026-11-22T10:00:00Z"));
    }

    @Test
    void a_private_token_never_ends_and_is_never_refreshed_whatever_stands_beside_it() {
        GhlCredential credential = GhlCredential.of(new JsonObject()
                .put("private_token", "pit")
                .put("access_token", "other")
                .put("refresh_token", "r")
                .put("expires_at", "2020-01-01T00:00:00Z"));

        assertThat(credential.accessToken().reveal()).isEqualTo("pit");
        assertThat(credential.refreshToken()).isNull();
        assertThat(credential.isDue(NOW)).isFalse();
        assertThat(credential.isExpired(NOW)).isFalse();
    }

    @Test
    void a_refresh_keeps_what_it_does_not_know_and_the_location_it_has() {
        GhlCredential fresh = GhlCredential.of(new JsonObject()
                        .put("access_token", "a1")
                        .put("refresh_token", "r1")
                        .put("location_id", "l1")
                        .put("note", "kept"))
                .refreshed(
                        new JsonObject()
                                .put("access_token", "a2")
                                .put("refresh_token", "r2")
                                .put("expires_in", 86399)
                                .put("locationId", "l2"),
                        NOW);

        assertThat(fresh.json())
                .isEqualTo(new JsonObject()
                        .put("access_token", "a2")
                        .put("refresh_token", "r2")
                        .put("location_id", "l1")
                        .put("note", "kept")
                        .put("issued_at", "2026-11-21T10:00:00Z")
                        .put("expires_at", "2026-11-22T09:59:59Z"));
    }

    @Test
    void a_refresh_without_a_new_refresh_token_keeps_the_old_one() {
        GhlCredential fresh =
                oauth(null, "2026-11-21T10:00:00Z").refreshed(new JsonObject().put("access_token", "a2"), NOW);

        assertThat(fresh.refreshToken().reveal()).isEqualTo("r1");
        assertThat(fresh.expiresAt()).as("not the old token's end").isNull();
    }

    @Test
    void a_refresh_without_an_access_token_is_none() {
        assertThat(oauth(null, "").refreshed(new JsonObject().put("refresh_token", "r2"), NOW))
                .isNull();
    }

    @Test
    void a_credential_never_prints_its_tokens() {
        assertThat(oauth(null, "2026-11-22T10:00:00Z").toString()).doesNotContain("a1", "r1");
    }

    private static GhlCredential oauth(String issuedAt, String expiresAt) {
        JsonObject json = new JsonObject()
                .put("access_token", "a1")
                .put("refresh_token", "r1")
                .put("expires_at", expiresAt);
        if (issuedAt != null) {
            json.put("issued_at", issuedAt);
        }
        return GhlCredential.of(json);
    }
}
