package dev.parley.work.adapter.twilio;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.tenant.Secret;
import dev.parley.work.adapter.StoredCredentials;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/** Typed view of what is sealed under provider {@code twilio}. An API key, where there is one, is preferred. */
record TwilioAccount(String sid, Secret user, Secret password) {
    private static final String SHAPE =
            "{\"account_sid\", \"auth_token\"} or {\"account_sid\", \"api_key\", \"api_secret\"}";
    private static final Pattern SID = Pattern.compile("AC[0-9a-fA-F]{32}");

    static TwilioAccount of(JsonObject credentials) {
        Secret sid = StoredCredentials.required(credentials, "account_sid", SHAPE);
        if (!SID.matcher(sid.reveal()).matches()) {
            // It becomes part of a URL.
            throw new AdapterException(Kind.UNAUTHORIZED, "credentials: account_sid is not AC and 32 hex digits");
        }
        return credentials.containsKey("api_key")
                ? new TwilioAccount(
                        sid.reveal(),
                        StoredCredentials.required(credentials, "api_key", SHAPE),
                        StoredCredentials.required(credentials, "api_secret", SHAPE))
                : new TwilioAccount(sid.reveal(), sid, StoredCredentials.required(credentials, "auth_token", SHAPE));
    }

    String authorization() {
        return "Basic "
                + Base64.getEncoder()
                        .encodeToString((user.reveal() + ":" + password.reveal()).getBytes(StandardCharsets.UTF_8));
    }

    String messages() {
        return "/2010-04-01/Accounts/" + sid + "/Messages.json";
    }

    /** What must not be repeated in a reason. */
    List<String> secrets() {
        return List.of(user.reveal(), password.reveal());
    }
}
