import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The plumbing between gradparity and Functions.java. You need not open this file. The methods of Functions are called
 * by name, as they may be of double or of float.
 */
final class Serve {
    /** What a request is answered with, where that is not ok. */
    @SuppressWarnings("serial")
    private static final class Refusal extends RuntimeException {
        final String word;

        Refusal(String word, String message) {
            super(message);
            this.word = word;
        }
    }

    /** A call of one of the Functions, ready to be made any number of times. */
    private interface Call {
        Object make() throws Exception;
    }

    private static final String DTYPE =
            Signatures.ALL.values().stream().anyMatch(Serve::isFloat) ? "float32" : "float64";

    private Map<String, NDArray<?>> last = Map.of(); // the arrays that came last, to be given back by inputs

    private static Refusal refuse(String message) {
        return new Refusal("error", message);
    }

    private static Refusal unsupported(String message) {
        return new Refusal("unsupported", message);
    }

    private static String field(Wire.Request request, String key) {
        String value = request.fields().get(key);
        if (value == null) throw refuse("expected the field " + key + " in the request " + request.word());
        return value;
    }

    // Functions.

    /** The method with as many arguments: others of that name are its author's. */
    private static Method method(Signatures.Signature signature) {
        return Stream.of(Functions.class.getDeclaredMethods())
                .filter(m -> m.getName().equals(signature.method()) && m.getParameterCount() == signature.inputs())
                .findFirst()
                .orElseThrow(() -> refuse("expected a method " + signature.method() + " with " + signature.inputs()
                        + " arguments in Functions.java, came none"));
    }

    private static boolean isFloat(Signatures.Signature signature) {
        Method method = method(signature);
        Stream<Type> types = Stream.of(method.getGenericParameterTypes());
        types = Stream.concat(types, Stream.of(method.getGenericReturnType()));
        if (method.getReturnType().isRecord()) {
            RecordComponent[] components = method.getReturnType().getRecordComponents();
            types = Stream.concat(types, Stream.of(components).map(RecordComponent::getGenericType));
        }
        return types.map(Type::getTypeName).anyMatch(Set.of("float", "NDArray<float[]>")::contains);
    }

    /** A number where there are no dimensions. */
    private static Object argument(NDArray<?> array) {
        if (array.shape().length > 0) return array;
        return Array.get(array.data(), 0);
    }

    private static NDArray<?> array(String name, Object value) {
        if (value instanceof NDArray<?> array) return array;
        if (value instanceof Double number) return NDArray.of(new double[] {number});
        if (value instanceof Float number) return NDArray.of(new float[] {number});
        if (value instanceof Integer number) return NDArray.of(new int[] {number});
        if (value instanceof Boolean flag) return NDArray.of(new boolean[] {flag});
        String came = value == null ? "null" : value.getClass().getSimpleName();
        throw refuse("expected " + name + " to be an NDArray or a number, came " + came);
    }

    private static Signatures.Signature signature(Wire.Request request) {
        String name = field(request, "function");
        Signatures.Signature signature = Signatures.ALL.get(name);
        if (signature == null) throw unsupported("no function " + name + " in Functions.java");
        return signature;
    }

    private static Call call(Wire.Request request) {
        Signatures.Signature signature = signature(request);
        for (NDArray<?> array : request.arrays().values()) {
            boolean isDouble = array.data() instanceof double[];
            boolean isFloat = array.data() instanceof float[];
            String came = isDouble ? "float64" : "float32";
            if ((isDouble || isFloat) && !came.equals(DTYPE)) throw unsupported("no " + came);
        }
        Method method = method(signature);
        Object[] arguments = request.arrays().values().stream().map(Serve::argument).toArray();
        if (arguments.length != signature.inputs()) {
            throw refuse(signature.method() + ": expected " + signature.inputs() + " arrays, came " + arguments.length);
        }
        return () -> {
            try {
                return method.invoke(null, arguments);
            } catch (IllegalArgumentException mismatch) { // of arguments; what the method throws comes as another
                throw refuse(signature.method() + ": " + mismatch.getMessage());
            }
        };
    }

    /** What was returned: a record of the results, or the only one. */
    private static Map<String, NDArray<?>> packed(Signatures.Signature signature, Object made) throws Exception {
        Map<String, NDArray<?>> arrays = new LinkedHashMap<>();
        List<String> names = signature.results();
        if (names.size() == 1) {
            arrays.put(names.get(0), array(names.get(0), made));
        } else if (names.size() > 1) {
            if (made == null) throw refuse("expected " + signature.method() + " to return its results, came null");
            RecordComponent[] components = made.getClass().getRecordComponents();
            for (int i = 0; i < names.size(); i++) {
                arrays.put(names.get(i), array(names.get(i), components[i].getAccessor().invoke(made)));
            }
        }
        return arrays;
    }

    // The operations.

    private static Map<String, String> hello() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("name", "PORT_NAME");
        fields.put("language", "Java");
        fields.put("version", System.getProperty("java.version"));
        fields.put("blas", "none");
        fields.put("threads", "1");
        fields.put("dtypes", DTYPE);
        fields.put("layers", "");
        fields.put("operations", "hello,call,inputs,null,time");
        fields.put("optimizers", "");
        fields.put("epsilon", "any");
        fields.put("functions", String.join(",", Signatures.ALL.keySet()));
        return fields;
    }

    private Map<String, NDArray<?>> answer(Wire.Request request) throws Exception {
        switch (request.word()) {
            case "call" -> {
                Object made = call(request).make();
                last = request.arrays();
                return packed(signature(request), made);
            }
            case "inputs" -> {
                return last;
            }
            case "null" -> {
                return Map.of();
            }
            case "time" -> {
                double[] took = time(request);
                return Map.of("nanoseconds", NDArray.of(took, took.length));
            }
            default -> throw unsupported("no operation " + request.word());
        }
    }

    private static double[] time(Wire.Request request) throws Exception {
        String operation = field(request, "operation");
        Call call = switch (operation) {
            case "null" -> () -> null;
            case "call" -> call(request);
            default -> throw unsupported("no operation " + operation + " to time");
        };
        double[] took = new double[Integer.parseInt(field(request, "samples"))];
        int calls = Integer.parseInt(field(request, "calls"));
        for (int i = 0; i < took.length; i++) {
            long begin = System.nanoTime();
            for (int k = 0; k < calls; k++) call.make();
            took[i] = System.nanoTime() - begin;
        }
        return took;
    }

    /** What was thrown, and where: the lines of your classes, the innermost last; and what was the cause of it. */
    private static String traced(Throwable thrown) {
        List<String> lines = new ArrayList<>();
        for (StackTraceElement frame : thrown.getStackTrace()) {
            String name = frame.getClassName().split("\\$")[0];
            boolean yours = frame.getModuleName() == null && !Set.of("Serve", "Wire").contains(name);
            if (yours && lines.size() < 5) lines.add(0, "    at " + frame);
        }
        lines.add(0, thrown.toString());
        if (thrown.getCause() != null) lines.add("caused by: " + traced(thrown.getCause()));
        return String.join("\n", lines);
    }

    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
        OutputStream out = new FileOutputStream("/dev/fd/3");
        Serve port = new Serve();
        for (Wire.Request request; (request = Wire.read(in)) != null;) {
            byte[] reply;
            try {
                boolean first = request.word().equals("hello");
                reply = Wire.encode("ok", first ? hello() : Map.of(), first ? Map.of() : port.answer(request));
            } catch (Throwable any) {
                Throwable thrown = any instanceof InvocationTargetException ? any.getCause() : any;
                boolean refused = thrown instanceof Refusal || thrown instanceof NotWritten;
                String word = thrown instanceof Refusal refusal ? refusal.word : refused ? "unsupported" : "error";
                if (!refused) System.err.println(traced(thrown));
                String message = refused ? thrown.getMessage() : thrown.toString();
                reply = Wire.encode(word, Map.of("message", message), Map.of());
            }
            out.write(reply);
            out.flush();
        }
    }
}
