package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StrictApiIT {
    private static final Location HERE = Location.of("LocationHere00000001", "Here", "+15559876543");
    private static final Location THERE = Location.of("LocationThere0000002", "There", "+15559876544");
    private static final Options OPTIONS = Options.defaults().withLocations(HERE, THERE);

    private GhlStandIn standIn = GhlStandIn.start(OPTIONS);
    private Api api = new Api(standIn.url());
    private final Contact ada = standIn.addContact(HERE.id(), "+1 555 010 0001", "Ada Lovelace");
    private final TokenPair tokens = standIn.issueTokens(HERE.id());
    private final String token = tokens.access().reveal();

    @AfterEach
    void stop() {
        standIn.close();
    }

    private JsonObject message() {
        return new JsonObject().put("type", "SMS").put("contactId", ada.id()).put("message", "Hello");
    }

    @Test
    void a_sent_message_is_answered_as_documented_and_kept() throws Exception {
        HttpResponse<String> response = api.sendMessage(token, message());

        assertThat(response.statusCode()).isEqualTo(200);
        JsonObject answer = Api.json(response);
        Message kept = standIn.messages(HERE.id(), ada.id()).get(0);
        assertThat(answer.getString("messageId")).isEqualTo(kept.id()).matches("[A-Za-z0-9]{20}");
        assertThat(answer.getString("conversationId")).isEqualTo(kept.conversationId());
        assertThat(answer.getString("status")).isIn("delivered", "failed", "pending", "read");
        assertThat(kept.body()).isEqualTo("Hello");
        assertThat(kept.source()).isEqualTo("api");
        assertThat(kept.from()).isEqualTo(HERE.phone());
        assertThat(kept.to()).isEqualTo("+15550100001");
    }

    private JsonArray exported(String query) throws Exception {
        HttpResponse<String> response =
                api.get("/conversations/messages/export?locationId=" + HERE.id() + query, token);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Api.json(response).getJsonArray("messages");
    }

    @Test
    void the_export_lists_a_location_by_pages_oldest_first_if_asked_and_mails_only_by_their_channel() throws Exception {
        for (int number = 0; number < 12; number++) {
            standIn.customerWrites(HERE.id(), "+15550100001", "Ada", "words " + number)
                    .get();
        }
        standIn.customerWrites(HERE.id(), Channel.EMAIL, "ada@example.org", "Ada", "a mail", null)
                .get();
        String list = "/conversations/messages/export?locationId=" + HERE.id() + "&limit=10&sortOrder=asc";

        JsonObject first = Api.json(api.get(list, token));
        JsonObject second = Api.json(api.get(list + "&cursor=" + first.getString("nextCursor"), token));

        assertThat(first.getJsonArray("messages")).hasSize(10);
        assertThat(first.getJsonArray("messages").getJsonObject(0).getString("body"))
                .isEqualTo("words 0");
        assertThat(first.getInteger("total")).isEqualTo(12);
        assertThat(second.getJsonArray("messages")).hasSize(2);
        assertThat(second.getString("nextCursor")).isNull();
        assertThat(exported("&channel=Email")).hasSize(1);
        assertThat(exported("&startDate=2099-01-01T00:00:00Z")).isEmpty();
        assertThat(exported("").getJsonObject(0).getString("body"))
                .as("newest first unless asked otherwise")
                .isEqualTo("words 11");
    }

    @ParameterizedTest
    @CsvSource({
        "limit=9, 422",
        "limit=501, 422",
        "sortOrder=up, 422",
        "channel=Pigeon, 422",
        "startDate=yesterday, 422",
        "surprise=1, 422",
        "cursor=garbage, 400",
        "sortBy=updatedAt, 400"
    })
    void an_export_that_is_asked_for_wrongly_is_refused(String parameter, int status) throws Exception {
        assertThat(api.get("/conversations/messages/export?locationId=" + HERE.id() + "&" + parameter, token)
                        .statusCode())
                .isEqualTo(status);
    }

    @Test
    void an_export_takes_a_location_the_right_token_its_scope_and_a_version() throws Exception {
        String list = "/conversations/messages/export?locationId=";
        TokenPair writer = standIn.issueTokens(HERE.id(), TokenKind.LOCATION, Set.of("conversations/message.write"));

        assertThat(api.get("/conversations/messages/export", token).statusCode())
                .isEqualTo(422);
        assertRefused(api.get(list + THERE.id(), token), 403, "The token does not have access to this location.");
        assertRefused(
                api.get(list + HERE.id(), writer.access().reveal()),
                401,
                "The token is not authorized for this scope.");
        assertRefused(
                api.send(api.bare(list + HERE.id()).header("Authorization", "Bearer " + token)),
                401,
                "version header was not found.");
    }

    @Test
    void without_authorization_it_is_401_and_nothing_is_sent() throws Exception {
        HttpRequest.Builder request =
                Api.json(api.bare("/conversations/messages").header("Version", "2021-04-15"), message());

        assertRefused(api.send(request), 401, "Authorization header was not found.");
        assertThat(standIn.messages(HERE.id(), ada.id())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"garbage,Invalid JWT", "pit-0000,Invalid Private Integration token"})
    void an_unknown_token_is_401(String unknown, String message) throws Exception {
        assertRefused(api.sendMessage(unknown, message()), 401, message);
    }

    @Test
    void without_version_it_is_401_in_the_words_of_the_real_api() throws Exception {
        HttpRequest.Builder request =
                Api.json(api.bare("/conversations/messages").header("Authorization", "Bearer " + token), message());

        assertRefused(api.send(request), 401, "version header was not found.");
        assertThat(standIn.messages(HERE.id(), ada.id())).isEmpty();
    }

    @Test
    void a_bogus_version_is_400() throws Exception {
        HttpRequest.Builder request = Api.json(
                api.bare("/conversations/messages")
                        .header("Authorization", "Bearer " + token)
                        .header("Version", "2020-01-01"),
                message());

        assertRefused(api.send(request), 400, "version header is invalid");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2021-04-15", "2021-07-28", "2023-02-21", "v3"})
    void every_published_version_is_taken(String version) throws Exception {
        HttpRequest.Builder request = Api.json(
                api.bare("/conversations/messages")
                        .header("Authorization", "Bearer " + token)
                        .header("Version", version),
                message());

        assertThat(api.send(request).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "type,type must be a valid enum value",
        "contactId,contactId must be a string",
    })
    void a_missing_required_field_is_422_with_its_name(String field, String finding) throws Exception {
        JsonObject body = message();
        body.remove(field);

        HttpResponse<String> response = api.sendMessage(token, body);

        assertThat(response.statusCode()).isEqualTo(422);
        assertThat(Api.json(response).getJsonArray("message")).contains(finding);
    }

    @Test
    void every_finding_about_a_body_is_told_at_once() throws Exception {
        JsonObject body = new JsonObject()
                .put("type", "sms")
                .put("contactId", 7)
                .put("message", true)
                .put("attachments", new JsonArray().add(1))
                .put("contact_id", "x");

        assertThat(Api.json(api.sendMessage(token, body)).getJsonArray("message"))
                .contains(
                        "property contact_id should not exist",
                        "type must be a valid enum value",
                        "contactId must be a string",
                        "message must be a string",
                        "each value in attachments must be a string");
    }

    @Test
    void a_body_that_is_not_json_is_400_and_one_not_declared_as_json_is_not_read() throws Exception {
        HttpRequest.Builder broken = api.request("/conversations/messages", token)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"type\":"));
        HttpRequest.Builder undeclared = api.request("/conversations/messages", token)
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString(message().encode()));

        assertRefused(api.send(broken), 400, "Request body is not a JSON object");
        assertThat(api.send(undeclared).statusCode()).isEqualTo(422);
    }

    @Test
    void a_message_without_text_and_attachments_is_400() throws Exception {
        assertRefused(
                api.sendMessage(token, message().put("message", " ")),
                400,
                "There is no message or attachments for this message. Skip sending.");
    }

    @Test
    void an_unknown_contact_is_400() throws Exception {
        assertRefused(
                api.sendMessage(token, message().put("contactId", "NobodyNobodyNobody00")),
                400,
                "Contact with id NobodyNobodyNobody00 not found");
    }

    @Test
    void a_number_of_another_location_or_contact_is_400() throws Exception {
        assertRefused(
                api.sendMessage(token, message().put("fromNumber", THERE.phone())),
                400,
                "fromNumber does not belong to this location");
        assertRefused(
                api.sendMessage(token, message().put("toNumber", "+15550100009")),
                400,
                "toNumber does not belong to this contact");
    }

    @Test
    void a_text_message_to_a_contact_without_a_number_is_400() throws Exception {
        Contact byMail = standIn.addContact(HERE.id(), "Grace@Example.com", "Grace Hopper");

        assertRefused(api.sendMessage(token, message().put("contactId", byMail.id())), 400, "Missing phone number");
    }

    @Test
    void what_is_not_imitated_is_refused_rather_than_ignored() throws Exception {
        HttpResponse<String> scheduled = api.sendMessage(token, message().put("scheduledTimestamp", 1_900_000_000));
        HttpResponse<String> tiktok = api.sendMessage(token, message().put("type", "TIKTOK"));

        assertRefused(scheduled, 400, "stand-in: scheduledTimestamp is not imitated");
        assertRefused(tiktok, 400, "stand-in: type TIKTOK is not imitated");
    }

    @ParameterizedTest
    @ValueSource(strings = {"active", "permanent"})
    void do_not_disturb_refuses_in_the_words_of_the_real_api(String status) throws Exception {
        standIn.setDnd(HERE.id(), ada.id(), "SMS", status).get();

        assertRefused(api.sendMessage(token, message()), 400, "Cannot send message as DND is active for SMS.");
        assertThat(api.sendMessage(token, message().put("type", "WhatsApp")).statusCode())
                .isEqualTo(200);
    }

    @Test
    void do_not_disturb_can_be_lifted() throws Exception {
        standIn.setDnd(HERE.id(), ada.id(), "all", "active").get();
        assertRefused(
                api.sendMessage(token, message().put("type", "WhatsApp")),
                400,
                "Cannot send message as DND is active for WhatsApp.");

        standIn.setDnd(HERE.id(), ada.id(), "all", "inactive").get();

        assertThat(api.sendMessage(token, message()).statusCode()).isEqualTo(200);
    }

    @Test
    void the_four_refusals_of_a_valid_token_have_their_four_texts() throws Exception {
        String unscoped = standIn.issueTokens(HERE.id(), TokenKind.LOCATION, Set.of("contacts.readonly"))
                .access()
                .reveal();
        String agency = standIn.issueTokens(
                        HERE.id(), TokenKind.AGENCY_PRIVATE, OPTIONS.app().scopes())
                .access()
                .reveal();
        String company = standIn.issueTokens(
                        HERE.id(), TokenKind.COMPANY, OPTIONS.app().scopes())
                .access()
                .reveal();
        String neighbour = standIn.issueTokens(THERE.id()).access().reveal();

        assertRefused(api.sendMessage(unscoped, message()), 401, "The token is not authorized for this scope.");
        assertRefused(api.sendMessage(agency, message()), 401, "Token's user type mismatch!");
        assertRefused(
                api.sendMessage(company, message()),
                401,
                "This authClass type is not allowed to access this scope. Please verify your IAM configuration if this"
                        + " is not the case.");
        assertRefused(api.sendMessage(neighbour, message()), 403, "The token does not have access to this location.");
        assertThat(standIn.messages(HERE.id(), ada.id())).isEmpty();
    }

    @Test
    void a_private_token_of_the_location_works_and_survives_the_expiry_of_the_others() throws Exception {
        String pit = standIn.issueTokens(
                        HERE.id(), TokenKind.PRIVATE, OPTIONS.app().scopes())
                .access()
                .reveal();
        standIn.expireTokens();

        assertThat(api.sendMessage(pit, message()).statusCode()).isEqualTo(200);
        assertRefused(api.sendMessage(token, message()), 401, "Invalid token: access token is invalid");
    }

    @Test
    void a_refresh_token_is_good_for_one_use_and_the_new_pair_works() throws Exception {
        standIn.expireTokens(HERE.id());

        HttpResponse<String> first = api.form("/oauth/token", refreshForm());
        HttpResponse<String> second = api.form("/oauth/token", refreshForm());

        assertThat(first.statusCode()).isEqualTo(200);
        JsonObject pair = Api.json(first);
        assertThat(pair.getString("token_type")).isEqualTo("Bearer");
        assertThat(pair.getInteger("expires_in")).isEqualTo(86_399);
        assertThat(pair.getString("userType")).isEqualTo("Location");
        assertThat(pair.getString("locationId")).isEqualTo(HERE.id());
        assertThat(pair.getString("scope")).contains("conversations/message.write");
        assertThat(pair.getString("refresh_token"))
                .isNotEqualTo(tokens.refresh().reveal());
        assertThat(api.sendMessage(pair.getString("access_token"), message()).statusCode())
                .isEqualTo(200);

        assertThat(second.statusCode()).isEqualTo(400);
        assertThat(Api.json(second).getString("error")).isEqualTo("invalid_grant");

        Map<String, String> next = refreshForm();
        next.put("refresh_token", pair.getString("refresh_token"));
        assertThat(api.form("/oauth/token", next).statusCode()).isEqualTo(200);
    }

    @Test
    void of_many_refreshes_at_once_one_wins() throws Exception {
        var answers = java.util.stream.IntStream.range(0, 16)
                .parallel()
                .mapToObj(i -> {
                    try {
                        return api.form("/oauth/token", refreshForm()).statusCode();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                })
                .toList();

        assertThat(answers).containsOnlyOnce(200).hasSize(16);
    }

    @ParameterizedTest
    @CsvSource({
        "client_secret,wrong,401,invalid_client",
        "client_id,wrong,401,invalid_client",
        "grant_type,authorization_code,400,unsupported_grant_type",
        "refresh_token,wrong,400,invalid_grant",
        "user_type,Company,400,invalid_request"
    })
    void a_wrong_refresh_is_refused_and_leaves_the_token_unused(String field, String value, int status, String error)
            throws Exception {
        Map<String, String> form = refreshForm();
        form.put(field, value);

        HttpResponse<String> refused = api.form("/oauth/token", form);

        assertThat(refused.statusCode()).isEqualTo(status);
        assertThat(Api.json(refused).getString("error")).isEqualTo(error);
        assertThat(api.form("/oauth/token", refreshForm()).statusCode()).isEqualTo(200);
    }

    @Test
    void a_refresh_as_json_is_422() throws Exception {
        HttpResponse<String> response = api.send(
                Api.json(api.bare("/oauth/token"), new JsonObject(new HashMap<String, Object>(refreshForm()))));

        assertThat(response.statusCode()).isEqualTo(422);
    }

    @Test
    void tokens_expire_when_their_time_is_over() throws Exception {
        standIn.close();
        standIn = GhlStandIn.start(
                OPTIONS.withTokenLife(new Options.TokenLife(Duration.ofMillis(1), Duration.ofDays(1))));
        api = new Api(standIn.url());
        Contact contact = standIn.addContact(HERE.id(), "+15550100001", "Ada");
        TokenPair brief = standIn.issueTokens(HERE.id());
        org.awaitility.Awaitility.await().until(() -> !java.time.Instant.now().isBefore(brief.expiresAt()));

        assertRefused(
                api.sendMessage(brief.access().reveal(), message().put("contactId", contact.id())),
                401,
                "Invalid token: access token is invalid");
    }

    @Test
    void an_uninstalled_app_has_no_tokens_left() throws Exception {
        standIn.uninstall(HERE.id()).get();

        assertRefused(api.sendMessage(token, message()), 401, "Invalid JWT");
        assertThat(Api.json(api.form("/oauth/token", refreshForm())).getString("error"))
                .isEqualTo("invalid_grant");
    }

    @Test
    void a_company_token_is_exchanged_for_a_locations() throws Exception {
        String company = standIn.issueTokens(
                        HERE.id(), TokenKind.COMPANY, OPTIONS.app().scopes())
                .access()
                .reveal();

        HttpResponse<String> response = api.send(Api.form(
                api.request("/oauth/locationToken", company),
                Map.of("companyId", "SandboxCompany000001", "locationId", HERE.id())));

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(api.sendMessage(Api.json(response).getString("access_token"), message())
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void rate_limits_are_told_by_every_answer_and_kept_per_location() throws Exception {
        standIn.close();
        standIn = GhlStandIn.start(OPTIONS.withLimits(new Options.Limits(3, Duration.ofHours(1), 200_000)));
        api = new Api(standIn.url());
        Contact contact = standIn.addContact(HERE.id(), "+15550100001", "Ada");
        JsonObject body = message().put("contactId", contact.id());
        String here = standIn.issueTokens(HERE.id()).access().reveal();
        String there = standIn.issueTokens(THERE.id()).access().reveal();

        HttpResponse<String> first = api.sendMessage(here, body);
        api.sendMessage(here, body.copy().put("contactId", "wrong"));
        api.sendMessage(here, body);
        HttpResponse<String> beyond = api.sendMessage(here, body);

        assertThat(header(first, "X-RateLimit-Limit-Daily")).isEqualTo("200000");
        assertThat(header(first, "X-RateLimit-Daily-Remaining")).isEqualTo("199999");
        assertThat(header(first, "X-RateLimit-Interval-Milliseconds")).isEqualTo("3600000");
        assertThat(header(first, "X-RateLimit-Max")).isEqualTo("3");
        assertThat(header(first, "X-RateLimit-Remaining")).isEqualTo("2");
        assertThat(beyond.statusCode()).isEqualTo(429);
        assertThat(header(beyond, "X-RateLimit-Remaining")).isEqualTo("0");
        assertThat(beyond.headers().firstValue("Retry-After")).isEmpty();
        assertThat(standIn.messages(HERE.id(), contact.id())).hasSize(2);
        assertThat(api.get("/conversations/search?locationId=" + THERE.id(), there)
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void rate_limits_can_be_changed_while_it_runs() throws Exception {
        Contact contact = standIn.addContact(HERE.id(), "+15550100001", "Ada");
        JsonObject body = message().put("contactId", contact.id());
        String here = standIn.issueTokens(HERE.id()).access().reveal();
        standIn.changeLimits(new Options.Limits(1, Duration.ofHours(1), 200_000));
        assertThat(api.sendMessage(here, body).statusCode()).isEqualTo(200);
        assertThat(api.sendMessage(here, body).statusCode()).isEqualTo(429);

        standIn.changeLimits(new Options.Limits(2, Duration.ofHours(1), 200_000));

        assertThat(api.sendMessage(here, body).statusCode()).isEqualTo(200);
        assertThat(api.sendMessage(here, body).statusCode()).isEqualTo(429);
    }

    @Test
    void by_default_a_hundred_calls_in_ten_seconds_are_let_through() {
        assertThat(Options.defaults().limits()).isEqualTo(new Options.Limits(100, Duration.ofSeconds(10), 200_000));
    }

    @Test
    void a_conversation_is_read_newest_first_page_by_page() throws Exception {
        for (int i = 1; i <= 3; i++) {
            api.sendMessage(token, message().put("message", "number " + i));
        }
        String conversation = standIn.messages(HERE.id(), ada.id()).get(0).conversationId();

        JsonObject first = Api.json(api.get("/conversations/" + conversation + "/messages?limit=2", token))
                .getJsonObject("messages");
        JsonObject second = Api.json(api.get(
                        "/conversations/" + conversation + "/messages?limit=2&lastMessageId="
                                + first.getString("lastMessageId"),
                        token))
                .getJsonObject("messages");

        assertThat(bodies(first)).containsExactly("number 3", "number 2");
        assertThat(first.getBoolean("nextPage")).isTrue();
        assertThat(bodies(second)).containsExactly("number 1");
        assertThat(second.getBoolean("nextPage")).isFalse();
        JsonObject one = second.getJsonArray("messages").getJsonObject(0);
        assertThat(one.fieldNames())
                .contains(
                        "id",
                        "type",
                        "messageType",
                        "locationId",
                        "contactId",
                        "conversationId",
                        "dateAdded",
                        "direction",
                        "contentType",
                        "source",
                        "status");
    }

    @Test
    void reading_is_as_strict_as_writing() throws Exception {
        api.sendMessage(token, message());
        Message message = standIn.messages(HERE.id(), ada.id()).get(0);
        String neighbour = standIn.issueTokens(THERE.id()).access().reveal();
        String elsewhere = "The token does not have access to this location.";

        assertRefused(api.get("/conversations/messages/" + message.id(), neighbour), 403, elsewhere);
        assertRefused(api.get("/conversations/" + message.conversationId() + "/messages", neighbour), 403, elsewhere);
        assertRefused(api.get("/contacts/" + ada.id(), neighbour), 403, elsewhere);
        assertRefused(api.get("/conversations/search?locationId=" + HERE.id(), neighbour), 403, elsewhere);
        assertThat(api.get("/conversations/search", token).statusCode()).isEqualTo(422);
        assertThat(api.get("/conversations/search?locationId=" + HERE.id() + "&contact_id=x", token)
                        .statusCode())
                .isEqualTo(422);
        assertThat(api.get("/conversations/search?locationId=" + HERE.id() + "&limit=101", token)
                        .statusCode())
                .isEqualTo(422);
        assertRefused(
                api.get("/conversations/search?locationId=" + HERE.id() + "&sortBy=x", token),
                400,
                "stand-in: parameter sortBy is not imitated");
        assertRefused(api.get("/conversations/messages/none", token), 400, "Message with id none not found");
        assertRefused(api.get("/contacts/none", token), 400, "Contact with id none not found");
    }

    @Test
    void one_message_and_one_contact_are_read_in_their_wrappers() throws Exception {
        api.sendMessage(token, message());
        Message message = standIn.messages(HERE.id(), ada.id()).get(0);

        JsonObject one = Api.json(api.get("/conversations/messages/" + message.id(), token))
                .getJsonObject("message");
        JsonObject contact = Api.json(api.get("/contacts/" + ada.id(), token)).getJsonObject("contact");

        assertThat(one.getString("body")).isEqualTo("Hello");
        assertThat(one.getString("messageType")).isEqualTo("TYPE_SMS");
        assertThat(one.getInteger("type")).isEqualTo(2);
        assertThat(contact.getString("firstName")).isEqualTo("Ada");
        assertThat(contact.getString("lastName")).isEqualTo("Lovelace");
        assertThat(contact.getString("phone")).isEqualTo("+15550100001");
        assertThat(contact.getJsonObject("dndSettings").getJsonObject("SMS").getString("status"))
                .isEqualTo("inactive");
    }

    @Test
    void conversations_are_found_by_contact() throws Exception {
        api.sendMessage(token, message());
        Contact other = standIn.addContact(HERE.id(), "+15550100002", "Grace Hopper");
        api.sendMessage(token, message().put("contactId", other.id()));

        JsonObject found =
                Api.json(api.get("/conversations/search?locationId=" + HERE.id() + "&contactId=" + other.id(), token));

        assertThat(found.getInteger("total")).isEqualTo(1);
        JsonObject conversation = found.getJsonArray("conversations").getJsonObject(0);
        assertThat(conversation.getString("fullName")).isEqualTo("Grace Hopper");
        assertThat(conversation.getString("lastMessageBody")).isEqualTo("Hello");
        assertThat(conversation.getString("id"))
                .isEqualTo(standIn.messages(HERE.id(), other.id()).get(0).conversationId());
    }

    @ParameterizedTest
    @CsvSource({"DELETE,/conversations/messages", "GET,/oauth/token", "GET,/v1/contacts"})
    void what_is_not_there_is_404_in_json_and_in_the_book(String method, String path) throws Exception {
        HttpResponse<String> response =
                api.send(api.request(path, token).method(method, HttpRequest.BodyPublishers.noBody()));

        assertRefused(response, 404, "Cannot " + method + " " + path);
        assertThat(standIn.calls()).extracting(ReceivedCall::status).containsExactly(404);
    }

    @Test
    void a_body_beyond_the_bound_is_413() throws Exception {
        HttpResponse<String> response = api.sendMessage(token, message().put("message", "x".repeat(1 << 20)));

        assertThat(response.statusCode()).isEqualTo(413);
    }

    private Map<String, String> refreshForm() {
        Map<String, String> form = new HashMap<>();
        form.put("client_id", OPTIONS.app().clientId());
        form.put("client_secret", OPTIONS.app().clientSecret().reveal());
        form.put("grant_type", "refresh_token");
        form.put("refresh_token", revealed(tokens.refresh()));
        form.put("user_type", "Location");
        return form;
    }

    private static String revealed(Secret secret) {
        return secret.reveal();
    }

    private static java.util.List<String> bodies(JsonObject page) {
        return page.getJsonArray("messages").stream()
                .map(one -> ((JsonObject) one).getString("body"))
                .toList();
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    private static void assertRefused(HttpResponse<String> response, int status, String message) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(Api.json(response).getString("message")).isEqualTo(message);
        assertThat(Api.json(response).getInteger("statusCode")).isEqualTo(status);
    }
}
