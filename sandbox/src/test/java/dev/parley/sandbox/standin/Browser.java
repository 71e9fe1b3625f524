package dev.parley.sandbox.standin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** One page in a headless Chromium, spoken to over its debugging protocol. Ends the process it started. */
final class Browser implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://([^/]+)/");

    private final Path profile;
    private final Process process;
    private final WebSocket socket;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonObject>> waiting = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    /** The binary named by {@code CHROMIUM_BIN}, else the one installed. */
    static Optional<String> installed() {
        String named = System.getenv("CHROMIUM_BIN");
        Stream<String> candidates = named != null
                ? Stream.of(named)
                : Stream.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
                        .flatMap(name -> Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator))
                                .map(folder -> folder + "/" + name));
        return candidates.filter(path -> Files.isExecutable(Path.of(path))).findFirst();
    }

    Browser(String binary) throws Exception {
        profile = Files.createTempDirectory("parley-chromium");
        process = new ProcessBuilder(
                        binary,
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--no-first-run",
                        "--remote-debugging-port=0",
                        "--remote-allow-origins=*",
                        "--user-data-dir=" + profile,
                        "about:blank")
                .redirectErrorStream(true)
                .start();
        HttpClient client = HttpClient.newHttpClient();
        String host = listeningAt();
        HttpResponse<String> pages = client.send(
                HttpRequest.newBuilder(URI.create("http://" + host + "/json/list"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        String page = new JsonArray(pages.body())
                .stream()
                        .map(JsonObject.class::cast)
                        .filter(target -> target.getString("type").equals("page"))
                        .map(target -> target.getString("webSocketDebuggerUrl"))
                        .findFirst()
                        .orElseThrow();
        socket = client.newWebSocketBuilder()
                .buildAsync(URI.create(page), new Listener())
                .get(20, TimeUnit.SECONDS);
        call("Page.enable");
        call("Runtime.enable");
        call("Log.enable");
    }

    private String listeningAt() throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        StringBuilder said = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            said.append(line).append('\n');
            Matcher matcher = LISTENING.matcher(line);
            if (matcher.find()) {
                // A full pipe would stop it.
                Thread drain = new Thread(() -> {
                    try {
                        lines.transferTo(java.io.Writer.nullWriter());
                    } catch (IOException closed) {
                        // It ended.
                    }
                });
                drain.setDaemon(true);
                drain.start();
                return matcher.group(1);
            }
        }
        throw new IOException("the browser did not start: " + said);
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                JsonObject message = new JsonObject(text.toString());
                text.setLength(0);
                if (message.containsKey("id")) {
                    waiting.remove(message.getInteger("id")).complete(message);
                } else {
                    notice(message);
                }
            }
            webSocket.request(1);
            return null;
        }
    }

    private void notice(JsonObject event) {
        JsonObject params = event.getJsonObject("params");
        switch (event.getString("method")) {
            case "Runtime.exceptionThrown" -> complaints.add(params.encode());
            case "Log.entryAdded" -> {
                JsonObject entry = params.getJsonObject("entry");
                if (!entry.getString("level").equals("info")) {
                    complaints.add(entry.getString("text") + " " + entry.getString("url", ""));
                }
            }
            default -> {}
        }
    }

    private JsonObject call(String method) throws Exception {
        return call(method, new JsonObject());
    }

    JsonObject call(String method, JsonObject params) throws Exception {
        int id = ids.incrementAndGet();
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        socket.sendText(
                        new JsonObject()
                                .put("id", id)
                                .put("method", method)
                                .put("params", params)
                                .encode(),
                        true)
                .get(10, TimeUnit.SECONDS);
        JsonObject message = answer.get(20, TimeUnit.SECONDS);
        if (message.containsKey("error")) {
            throw new IllegalStateException(
                    method + ": " + message.getJsonObject("error").encode());
        }
        return message.getJsonObject("result");
    }

    /** What the page or the browser complained of: errors, warnings, violations of the page's own policy. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    void forgetComplaints() {
        complaints.clear();
    }

    void size(int width, int height, boolean mobile) throws Exception {
        call(
                "Emulation.setDeviceMetricsOverride",
                new JsonObject()
                        .put("width", width)
                        .put("height", height)
                        .put("deviceScaleFactor", 1)
                        .put("mobile", mobile));
    }

    void scheme(String lightOrDark) throws Exception {
        call(
                "Emulation.setEmulatedMedia",
                new JsonObject()
                        .put(
                                "features",
                                new JsonArray()
                                        .add(new JsonObject()
                                                .put("name", "prefers-color-scheme")
                                                .put("value", lightOrDark))));
    }

    void open(URI url) throws Exception {
        call("Page.navigate", new JsonObject().put("url", url.toString()));
    }

    Object eval(String script) throws Exception {
        JsonObject result = call(
                "Runtime.evaluate",
                new JsonObject()
                        .put("expression", script)
                        .put("awaitPromise", true)
                        .put("returnByValue", true));
        if (result.containsKey("exceptionDetails")) {
            throw new IllegalStateException(
                    result.getJsonObject("exceptionDetails").encode());
        }
        return result.getJsonObject("result").getValue("value");
    }

    boolean holds(String script) throws Exception {
        return Boolean.TRUE.equals(eval("!!(" + script + ")"));
    }

    /**
     * A real click in the middle of the element, so that what is covered or invisible cannot be clicked. A page that
     * moves the element between looking and pressing makes the click miss, as it makes a hand miss: it is aimed again.
     */
    void click(String selector) throws Exception {
        for (int attempt = 0; attempt < 5; attempt++) {
            JsonObject at = (JsonObject) eval("(() => { const e = document.querySelector('" + selector
                    + "'); e.scrollIntoView({block: 'nearest'}); const r = e.getBoundingClientRect();"
                    + " const x = r.left + r.width / 2, y = r.top + r.height / 2, hit = document.elementFromPoint(x, y);"
                    + " if (!e.contains(hit)) throw new Error('" + selector + " is covered or not visible');"
                    + " window.clickedElement = null; addEventListener('click', event => {"
                    + " window.clickedElement = event.target; }, {capture: true, once: true});"
                    + " return {x, y}; })()");
            for (String type : new String[] {"mousePressed", "mouseReleased"}) {
                call(
                        "Input.dispatchMouseEvent",
                        at.copy().put("type", type).put("button", "left").put("clickCount", 1));
            }
            if (holds("document.querySelector('" + selector + "').contains(window.clickedElement)")) {
                return;
            }
        }
        throw new IllegalStateException(selector + " does not hold still: every click missed it");
    }

    void type(String text) throws Exception {
        call("Input.insertText", new JsonObject().put("text", text));
    }

    void press(String key, int code) throws Exception {
        JsonObject event = new JsonObject()
                .put("key", key)
                .put("code", key)
                .put("windowsVirtualKeyCode", code)
                .put("text", key.equals("Enter") ? "\r" : "");
        call("Input.dispatchKeyEvent", event.copy().put("type", "keyDown"));
        call("Input.dispatchKeyEvent", event.copy().put("type", "keyUp"));
    }

    /** Every control as assistive technology sees it: role, then name. */
    List<Map.Entry<String, String>> controls() throws Exception {
        return call("Accessibility.getFullAXTree").getJsonArray("nodes").stream()
                .map(JsonObject.class::cast)
                .filter(node -> !node.getBoolean("ignored", false) && node.containsKey("role"))
                .map(node -> Map.entry(
                        String.valueOf(node.getJsonObject("role").getValue("value")),
                        node.containsKey("name")
                                ? String.valueOf(node.getJsonObject("name").getValue("value"))
                                : ""))
                .filter(control -> List.of("button", "textbox", "combobox", "log", "main", "complementary")
                        .contains(control.getKey()))
                .toList();
    }

    void screenshot(Path file) throws Exception {
        JsonObject shot = call("Page.captureScreenshot", new JsonObject().put("format", "png"));
        Files.createDirectories(file.getParent());
        Files.write(file, Base64.getDecoder().decode(shot.getString("data")));
    }

    @Override
    public void close() throws Exception {
        socket.abort();
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        children.forEach(ProcessHandle::destroyForcibly);
        try (Stream<Path> files = Files.walk(profile)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }
}
