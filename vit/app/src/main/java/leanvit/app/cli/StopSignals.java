package leanvit.app.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;

/** Lets a program end in its own time when it is told to stop, with an exit status of its own. */
final class StopSignals {

    private static final List<String> NAMES = List.of("TERM", "INT");

    private StopSignals() {
    }

    /**
     * Runs something at SIGTERM and SIGINT instead of the end of this JVM.
     *
     * @return false where this runtime has no module {@code jdk.unsupported}, which alone can do it
     */
    static boolean handle(Runnable stop) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler run = (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    stop.run();
                }
                return method.getReturnType() == boolean.class ? (Object) (proxy == arguments[0])
                        : method.getReturnType() == int.class ? (Object) 0
                        : method.getReturnType() == String.class ? "stop" : null;
            };
            Object proxy = Proxy.newProxyInstance(StopSignals.class.getClassLoader(), new Class<?>[] {handler}, run);
            for (String name : NAMES) {
                signal.getMethod("handle", signal, handler)
                        .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            }
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
