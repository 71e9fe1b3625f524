package dev.parley.sandbox.standin.twilio;

import dev.parley.sandbox.standin.Answer;
import dev.parley.sandbox.standin.Fault;
import dev.parley.sandbox.standin.Switchboard;
import dev.parley.sandbox.standin.Switchboard.Call;
import dev.parley.sandbox.standin.Switchboard.Heard;
import dev.parley.tenant.Secret;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Twilio's Messages resource, strict: unknown parameters, numbers that are not the account's, opted-out customers and
 * wrong passwords are refused with Twilio's error numbers. Webhooks are signed as Twilio signs them. Advanced Opt-Out is
 * on: STOP and START are answered by "Twilio", change its list, and are marked {@code OptOutType}.
 *
 * <p>Everything is in memory. All methods may be called from any thread; futures of webhooks end with the receiver's
 * answer and never fail because of it.
 */
public final class TwilioStandIn implements AutoCloseable {
    private static final Set<String> SEND = Set.of("To", "From", "MessagingServiceSid", "Body", "StatusCallback");
    private static final Set<String> LIST = Set.of("To", "From", "PageSize", "Page", "PageToken");
    private static final Pattern ADDRESS = Pattern.compile("(whatsapp:)?\\+[1-9][0-9]{6,14}");
    private static final Set<String> STOP =
            Set.of("stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout");
    private static final Set<String> START = Set.of("start", "unstop");

    private record OptOut(String customer, String number) {}

    private final TwilioAccount account;
    private final Switchboard switchboard;
    private final List<TwilioMessage> messages = new ArrayList<>();
    private final Set<OptOut> optOuts = new HashSet<>();
    private volatile @Nullable URI webhook;

    private TwilioStandIn(int port, TwilioAccount account) {
        this.account = account;
        this.switchboard = new Switchboard(
                "Twilio", port, this::answer, fault -> refuse(fault.status(), 20000 + fault.status(), "on purpose"));
    }

    /** @throws IllegalStateException if the port is taken; 0 = any that is free */
    public static TwilioStandIn start(int port, TwilioAccount account) {
        return new TwilioStandIn(port, account);
    }

    /** What {@code PARLEY_TWILIO_BASE_URL} is to be. */
    public URI url() {
        return switchboard.url();
    }

    /** "A message comes in": where customers' messages are heard to, and which URL is signed. */
    public void webhooksTo(URI url) {
        webhook = url;
    }

    public void fault(Fault fault) {
        switchboard.faults().add(fault);
    }

    public List<Call> calls() {
        return switchboard.calls();
    }

    /** Of both directions, oldest first. */
    public synchronized List<TwilioMessage> messages() {
        return List.copyOf(messages);
    }

    public synchronized List<TwilioMessage> sent() {
        return messages.stream().filter(message -> !message.isInbound()).toList();
    }

    // --- webhooks

    /** A customer writes; {@code more} are further parameters, such as {@code NumMedia}. */
    public CompletableFuture<Heard> customerWrites(String from, String to, String body, Map<String, String> more) {
        TwilioMessage message = received(from, to, body);
        return postForm(target(), parameters(message, more));
    }

    /** The same as a JSON body, with its hash in the URL. */
    public CompletableFuture<Heard> customerWritesAsJson(String from, String to, String body) {
        TwilioMessage message = received(from, to, body);
        byte[] json = new JsonObject(new LinkedHashMap<String, Object>(parameters(message, Map.of())))
                .toBuffer()
                .getBytes();
        String hash = sha256(json);
        URI to2 = target();
        URI signed = URI.create(to2 + (to2.getRawQuery() == null ? "?" : "&") + "bodySHA256=" + hash);
        Map<String, String> headers =
                Map.of("Content-Type", "application/json", "X-Twilio-Signature", sign(signed.toString(), Map.of()));
        return switchboard.deliver(signed, json, () -> headers, List.of());
    }

    /** The same webhook again, as after a lost answer. */
    public CompletableFuture<Heard> deliverAgain(TwilioMessage message) {
        return postForm(target(), parameters(message, Map.of()));
    }

    private URI target() {
        URI to = webhook;
        if (to == null) {
            throw new IllegalStateException("webhooksTo(…) first: nobody said where messages go");
        }
        return to;
    }

    private synchronized TwilioMessage received(String from, String to, String body) {
        TwilioMessage message = new TwilioMessage(sid(), true, from, to, body, null, "received", Instant.now());
        messages.add(message);
        String word = word(body);
        if (STOP.contains(word)) {
            optOuts.add(new OptOut(from, to));
        } else if (START.contains(word)) {
            optOuts.remove(new OptOut(from, to));
        }
        return message;
    }

    private static String word(String body) {
        return body.strip().toLowerCase(Locale.ROOT);
    }

    private Map<String, String> parameters(TwilioMessage message, Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("ToCountry", "US");
        all.put("SmsMessageSid", message.sid());
        all.put("NumMedia", "0");
        all.put("SmsSid", message.sid());
        all.put("SmsStatus", "received");
        all.put("Body", message.body());
        all.put("To", message.to());
        all.put("NumSegments", "1");
        all.put("MessageSid", message.sid());
        all.put("AccountSid", account.sid());
        all.put("From", message.from());
        all.put("ApiVersion", "2010-04-01");
        if (message.from().startsWith("whatsapp:")) {
            all.put("ProfileName", "Ada");
            all.put("WaId", message.from().replaceAll("[^0-9]", ""));
        }
        if (STOP.contains(word(message.body()))) {
            all.put("OptOutType", "STOP");
        } else if (START.contains(word(message.body()))) {
            all.put("OptOutType", "START");
        }
        all.putAll(more);
        return all;
    }

    private CompletableFuture<Heard> postForm(URI to, Map<String, String> parameters) {
        Map<String, String> headers = Map.of(
                "Content-Type",
                "application/x-www-form-urlencoded; charset=UTF-8",
                "X-Twilio-Signature",
                sign(to.toString(), parameters),
                "I-Twilio-Idempotency-Token",
                UUID.randomUUID().toString());
        return switchboard.deliver(to, form(parameters).getBytes(StandardCharsets.US_ASCII), () -> headers, List.of());
    }

    /** Reports what became of a sent message, to the callback that was asked for. */
    private CompletableFuture<Heard> report(TwilioMessage message, URI callback, String status) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("SmsSid", message.sid());
        all.put("SmsStatus", status);
        all.put("MessageStatus", status);
        all.put("To", message.to());
        all.put("MessageSid", message.sid());
        all.put("AccountSid", account.sid());
        all.put("From", message.from());
        all.put("ApiVersion", "2010-04-01");
        synchronized (this) {
            messages.replaceAll(each -> each.sid().equals(message.sid()) ? each.now(status) : each);
        }
        return postForm(callback, all);
    }

    private String sign(String url, Map<String, String> parameters) {
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(account.authToken().bytes(), "HmacSHA1"));
            StringBuilder signed = new StringBuilder(url);
            new TreeMap<>(parameters)
                    .forEach((name, value) -> signed.append(name).append(value));
            return Base64.getEncoder()
                    .encodeToString(mac.doFinal(signed.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA1", e);
        }
    }

    private static String sha256(byte[] body) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String form(Map<String, String> parameters) {
        return parameters.entrySet().stream()
                .map(each -> URLEncoder.encode(each.getKey(), StandardCharsets.UTF_8) + "="
                        + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    // --- the API

    private Answer answer(Call call) {
        if (!isAllowed(call.header("Authorization"))) {
            return refuse(401, 20003, "Authenticate");
        }
        if (!call.path().equals("/2010-04-01/Accounts/" + account.sid() + "/Messages.json")) {
            return refuse(404, 20404, "The requested resource " + call.path() + " was not found");
        }
        boolean isSend = call.method().equals("POST");
        Map<String, String> parameters = parsed(isSend ? call.text() : call.query());
        for (String name : parameters.keySet()) {
            if (!(isSend ? SEND : LIST).contains(name)) {
                return refuse(400, 20001, "stand-in: parameter " + name + " is unknown or not imitated");
            }
        }
        return switch (call.method()) {
            case "POST" -> send(parameters, call.header("Content-Type"));
            case "GET" -> list(parameters);
            default -> refuse(405, 20004, "Method not allowed");
        };
    }

    private boolean isAllowed(String authorization) {
        if (!authorization.startsWith("Basic ")) {
            return false;
        }
        String[] pair = new String(
                        Base64.getDecoder().decode(authorization.substring("Basic ".length())), StandardCharsets.UTF_8)
                .split(":", 2);
        Secret expected = pair[0].equals(account.sid())
                ? account.authToken()
                : account.apiKeys().get(pair[0]);
        return pair.length == 2 && expected != null && expected.matches(pair[1]);
    }

    private static Map<String, String> parsed(String form) {
        Map<String, String> all = new LinkedHashMap<>();
        for (String pair : form.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                all.put(
                        URLDecoder.decode(pair.substring(0, equals), StandardCharsets.UTF_8),
                        URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        return all;
    }

    private Answer send(Map<String, String> given, String type) {
        if (!type.startsWith("application/x-www-form-urlencoded")) {
            return refuse(415, 20001, "stand-in: messages are sent as forms");
        }
        String to = given.get("To");
        String body = given.getOrDefault("Body", "");
        String service = given.get("MessagingServiceSid");
        String from = service == null ? given.get("From") : account.services().get(service);
        String callback = given.get("StatusCallback");
        if (to == null) {
            return refuse(400, 21604, "A 'To' phone number is required.");
        }
        if (!ADDRESS.matcher(to).matches()) {
            return refuse(400, 21211, "The 'To' number " + to + " is not a valid phone number.");
        }
        if (from == null) {
            return service == null
                    ? refuse(400, 21603, "A 'From' phone number is required.")
                    : refuse(400, 21705, "The Messaging Service Sid " + service + " is invalid.");
        }
        if (!account.numbers().contains(from)) {
            return from.startsWith("whatsapp:")
                    ? refuse(400, 63007, "Twilio could not find a Channel with the specified From address")
                    : refuse(400, 21606, "The 'From' phone number " + from + " is not a valid, SMS-capable number.");
        }
        if (from.startsWith("whatsapp:") != to.startsWith("whatsapp:")) {
            return refuse(400, 21910, "Invalid From and To pair. From and To should be of the same channel");
        }
        if (body.isEmpty()) {
            return refuse(400, 21602, "Message body is required.");
        }
        if (body.length() > 1600) {
            return refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit");
        }
        if (callback != null && !callback.matches("https?://[^\\s]+")) {
            return refuse(400, 21609, "The StatusCallback URL " + callback + " is not a valid URL.");
        }
        TwilioMessage message;
        synchronized (this) {
            if (optOuts.contains(new OptOut(to, from))) {
                return refuse(400, 21610, "Attempt to send to unsubscribed recipient");
            }
            message = new TwilioMessage(sid(), false, from, to, body, service, "queued", Instant.now());
            messages.add(message);
        }
        if (callback != null) {
            URI there = URI.create(callback);
            var reported = report(message, there, "sent").thenCompose(sent -> report(message, there, "delivered"));
            assert reported != null;
        }
        return Answer.json(201, message.json(account.sid()));
    }

    /** Newest first, in pages. */
    private Answer list(Map<String, String> given) {
        int size;
        int page;
        try {
            size = Integer.parseInt(given.getOrDefault("PageSize", "50"));
            page = Integer.parseInt(given.getOrDefault("Page", "0"));
        } catch (NumberFormatException e) {
            return refuse(400, 20001, "PageSize and Page are numbers");
        }
        if (size < 1 || size > 1000 || page < 0) {
            return refuse(400, 20001, "PageSize is 1 to 1000");
        }
        List<TwilioMessage> found = new ArrayList<>(messages().stream()
                .filter(message -> given.get("To") == null || given.get("To").equals(message.to()))
                .filter(message ->
                        given.get("From") == null || given.get("From").equals(message.from()))
                .toList());
        java.util.Collections.reverse(found);
        List<TwilioMessage> shown =
                found.stream().skip((long) page * size).limit(size).toList();
        boolean hasMore = found.size() > (long) (page + 1) * size;
        Map<String, String> next = new LinkedHashMap<>(given);
        next.put("Page", String.valueOf(page + 1));
        next.put(
                "PageToken",
                "PA" + (shown.isEmpty() ? "" : shown.get(shown.size() - 1).sid()));
        String path = "/2010-04-01/Accounts/" + account.sid() + "/Messages.json?";
        return Answer.json(
                200,
                new JsonObject()
                        .put(
                                "messages",
                                new JsonArray(shown.stream()
                                        .map(message -> message.json(account.sid()))
                                        .toList()))
                        .put("page", page)
                        .put("page_size", size)
                        .put("first_page_uri", path + "PageSize=" + size + "&Page=0")
                        .put("next_page_uri", hasMore ? path + form(next) : null)
                        .put("previous_page_uri", null)
                        .put("start", page * size)
                        .put("end", page * size + Math.max(0, shown.size() - 1))
                        .put("uri", path));
    }

    private static Answer refuse(int status, int code, String message) {
        return Answer.json(
                status,
                new JsonObject()
                        .put("code", code)
                        .put("message", message)
                        .put("more_info", "https://www.twilio.com/docs/errors/" + code)
                        .put("status", status));
    }

    private static String sid() {
        return "SM" + UUID.randomUUID().toString().replace("-", "");
    }

    @Override
    public void close() {
        switchboard.close();
    }
}
