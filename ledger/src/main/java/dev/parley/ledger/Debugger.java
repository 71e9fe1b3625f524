package dev.parley.ledger;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.IncompatibleThreadStateException;
import com.sun.jdi.LongValue;
import com.sun.jdi.Method;
import com.sun.jdi.ObjectReference;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.StringReference;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.Value;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.IllegalConnectorArgumentsException;
import com.sun.jdi.connect.ListeningConnector;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.request.BreakpointRequest;
import com.sun.jdi.request.EventRequest;
import dev.parley.sandbox.SandboxException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Stops a service at a {@link Waypoint} and lets something be done to it while it stands there. The services are those that
 * are shipped, started with the virtual machine's own debugging agent: nothing in them knows of this.
 */
final class Debugger implements AutoCloseable {
    private final ListeningConnector connector;
    private final Map<String, Connector.Argument> arguments;
    private final String address;
    private final List<VirtualMachine> machines = new CopyOnWriteArrayList<>();
    private final List<BreakpointRequest> set = new CopyOnWriteArrayList<>();
    private volatile @Nullable Ambush ambush;
    private volatile boolean closed;

    private record Ambush(Waypoint waypoint, LongConsumer deed, CompletableFuture<Void> done) {}

    private Debugger(ListeningConnector connector, Map<String, Connector.Argument> arguments, String address) {
        this.connector = connector;
        this.arguments = arguments;
        this.address = address;
    }

    static Optional<String> obstacle() {
        return ModuleLayer.boot().findModule("jdk.jdi").isPresent()
                ? Optional.empty()
                : Optional.of("this Java has no debugger (module jdk.jdi): run the ledger with a JDK");
    }

    static Debugger listening() {
        ListeningConnector connector = Bootstrap.virtualMachineManager().listeningConnectors().stream()
                .filter(one -> one.name().equals("com.sun.jdi.SocketListen"))
                .findFirst()
                .orElseThrow(() -> new SandboxException("this Java's debugger cannot listen"));
        Map<String, Connector.Argument> arguments = connector.defaultArguments();
        Objects.requireNonNull(arguments.get("localAddress")).setValue("127.0.0.1");
        Objects.requireNonNull(arguments.get("port")).setValue("");
        Objects.requireNonNull(arguments.get("timeout")).setValue("1000");
        try {
            String address = connector.startListening(arguments);
            Debugger debugger = new Debugger(connector, arguments, address.substring(address.lastIndexOf(':') + 1));
            daemon("ledger-debugger", debugger::accept);
            return debugger;
        } catch (IOException | IllegalConnectorArgumentsException e) {
            throw new SandboxException("the debugger cannot listen: " + e, e);
        }
    }

    /** For the environment of a service that is to be debugged. */
    String javaOptions() {
        return "-agentlib:jdwp=transport=dt_socket,server=n,suspend=n,address=127.0.0.1:" + address;
    }

    /**
     * Waits for a service to come to {@code waypoint} and does {@code deed} to its process while all of it stands still.
     *
     * @return false when none came by in {@code patience}
     */
    boolean at(Waypoint waypoint, Duration patience, LongConsumer deed) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        ambush = new Ambush(waypoint, deed, done);
        try {
            Set<VirtualMachine> prepared = new HashSet<>();
            // Again and again: a service may have come later, or not have loaded the class yet.
            boolean reached = Waiting.until(patience, () -> {
                machines.stream()
                        .filter(machine -> !prepared.contains(machine) && stopAt(machine, waypoint))
                        .forEach(prepared::add);
                return done.isDone();
            });
            if (reached) {
                done.join();
            }
            return reached;
        } catch (CompletionException e) {
            throw new SandboxException("the deed at " + waypoint.name() + " failed: " + e.getCause(), e);
        } finally {
            ambush = null;
            set.forEach(Debugger::lift);
            set.clear();
        }
    }

    private void accept() {
        while (!closed) {
            try {
                VirtualMachine machine = connector.accept(arguments);
                machines.add(machine);
                daemon("ledger-debugged", () -> follow(machine));
            } catch (com.sun.jdi.connect.TransportTimeoutException e) {
                // Nobody came; look whether it is over.
            } catch (IOException | IllegalConnectorArgumentsException e) {
                // One that died while it introduced itself, or the end.
                Waiting.pause(Duration.ofMillis(closed ? 0 : 50));
            }
        }
    }

    private void follow(VirtualMachine machine) {
        try {
            while (true) {
                EventSet events = machine.eventQueue().remove();
                try {
                    for (Event event : events) {
                        if (event instanceof BreakpointEvent reached) {
                            reached(machine, reached);
                        }
                    }
                } finally {
                    // Whatever was found: a service that stands still for good would make everything after it hollow.
                    events.resume();
                }
            }
        } catch (VMDisconnectedException e) {
            machines.remove(machine);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void reached(VirtualMachine machine, BreakpointEvent event) {
        Ambush waiting = ambush;
        if (waiting == null || waiting.done().isDone()) {
            return;
        }
        try {
            if (isMoment(event, waiting.waypoint().moment())) {
                waiting.deed().accept(pid(machine));
                waiting.done().complete(null);
            }
        } catch (VMDisconnectedException e) {
            throw e;
        } catch (RuntimeException e) {
            waiting.done().completeExceptionally(e);
        }
    }

    private static boolean isMoment(BreakpointEvent event, String moment) {
        if (moment.isEmpty()) {
            return true;
        }
        try {
            for (Value argument : event.thread().frame(0).getArgumentValues()) {
                if (argument instanceof ObjectReference constant
                        && constant.getValue(constant.referenceType().fieldByName("name"))
                                instanceof StringReference name
                        && name.value().equals(moment)) {
                    return true;
                }
            }
        } catch (IncompatibleThreadStateException e) {
            return false;
        }
        return false;
    }

    /** @return whether it knows the class by now */
    private boolean stopAt(VirtualMachine machine, Waypoint waypoint) {
        boolean known = false;
        try {
            for (ReferenceType type : machine.classesByName(waypoint.type())) {
                for (Method method : new ArrayList<>(type.methodsByName(waypoint.method()))) {
                    if (method.location() == null) {
                        continue;
                    }
                    BreakpointRequest request =
                            machine.eventRequestManager().createBreakpointRequest(method.location());
                    request.setSuspendPolicy(EventRequest.SUSPEND_ALL);
                    set.add(request);
                    request.enable();
                    known = true;
                }
            }
        } catch (VMDisconnectedException e) {
            machines.remove(machine);
        }
        return known;
    }

    private static void lift(BreakpointRequest request) {
        try {
            request.virtualMachine().eventRequestManager().deleteEventRequest(request);
        } catch (VMDisconnectedException e) {
            // It went with its machine.
        }
    }

    /** Read where Java keeps it. Asking the thread that stands still could wait for another one that stands still, too. */
    private static long pid(VirtualMachine machine) {
        ReferenceType handles =
                machine.classesByName("java.lang.ProcessHandleImpl").get(0);
        ObjectReference own = (ObjectReference) handles.getValue(handles.fieldByName("current"));
        return ((LongValue) own.getValue(handles.fieldByName("pid"))).value();
    }

    private static void daemon(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        closed = true;
        try {
            connector.stopListening(arguments);
        } catch (IOException | IllegalConnectorArgumentsException e) {
            // It is not listening any more, then.
        }
    }
}
