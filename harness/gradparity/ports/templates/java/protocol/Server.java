package protocol;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Request after request. An exception ends its own request alone. */
public final class Server {
    /** What answers. */
    public interface Port {
        /** What it is and can do. */
        Map<String, String> hello();

        /** The arrays of the reply to any other request. */
        Map<String, Npy> answer(Request request) throws Exception;
    }

    private Server() {}

    /** Answers each request, until there is none. */
    public static void serve(Port port) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
        OutputStream out = new FileOutputStream("/dev/fd/3");
        for (Request request; (request = Wire.read(in)) != null;) {
            byte[] reply;
            try {
                boolean first = request.word().equals("hello");
                reply = Wire.encode("ok", first ? port.hello() : Map.of(), first ? Map.of() : port.answer(request));
            } catch (Throwable any) {
                Throwable thrown = any instanceof InvocationTargetException ? any.getCause() : any;
                if (thrown instanceof Refusal refusal) {
                    reply = Wire.encode(refusal.word, Map.of("message", refusal.getMessage()), Map.of());
                } else {
                    System.err.println(traced(thrown));
                    reply = Wire.encode("error", Map.of("message", thrown.toString()), Map.of());
                }
            }
            out.write(reply);
            out.flush();
        }
    }

    /** What was thrown, and where: the lines of your classes, the innermost last; and what was the cause of it. */
    private static String traced(Throwable thrown) {
        List<String> lines = new ArrayList<>();
        for (StackTraceElement frame : thrown.getStackTrace()) {
            String name = frame.getClassName().split("\\$")[0];
            boolean ours = name.equals("Serve") || name.startsWith("protocol.");
            if (frame.getModuleName() == null && !ours && lines.size() < 5) lines.add(0, "    at " + frame);
        }
        lines.add(0, thrown.toString());
        if (thrown.getCause() != null) lines.add("caused by: " + traced(thrown.getCause()));
        return String.join("\n", lines);
    }
}
