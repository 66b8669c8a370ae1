package protocol;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Array;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Requests come on stdin, replies leave by file descriptor 3: a line of text, then arrays as .npy records. gradparity's
 * docs/protocol.md is the specification.
 */
final class Wire {
    private static final int MAX_DIMENSIONS = 32;
    private static final Pattern HEADER =
            Pattern.compile("'descr': '(.*?)', 'fortran_order': (True|False), 'shape': \\((.*?)\\)");

    private Wire() {}

    /** The next request, or null at the end. */
    static Request read(DataInputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c; (c = in.read()) != '\n'; line.write(c))
            if (c < 0) return null;
        String[] words = line.toString(StandardCharsets.UTF_8).split(" ");
        Request request = new Request(words[0], new HashMap<>(), new LinkedHashMap<>());
        for (int i = 1; i < words.length; i++) {
            String[] pair = words[i].split("=", 2);
            if (pair[0].equals("arrays")) {
                for (String name : pair[1].split(",")) request.arrays().put(name, readArray(in));
            } else {
                request.fields().put(pair[0], URLDecoder.decode(pair[1].replace("+", "%2B"), StandardCharsets.UTF_8));
            }
        }
        return request;
    }

    private static Npy readArray(DataInputStream in) throws IOException {
        byte[] start = in.readNBytes(10);
        if (start.length < 10 || start[1] != 'N' || start[5] != 'Y') throw new IOException("expected an .npy record");
        int length = (start[8] & 0xff) + 256 * (start[9] & 0xff) + (start[6] > 1 ? 2 : 0);
        String text = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        Matcher header = HEADER.matcher(text);
        if (!header.find()) throw new IOException("expected an .npy header, came " + text);
        int[] shape = Stream.of(header.group(3).split(","))
                .map(String::trim)
                .filter(word -> !word.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
        if (shape.length > MAX_DIMENSIONS) {
            throw new IOException("expected at most " + MAX_DIMENSIONS + " dimensions, came " + shape.length);
        }
        int count = size(shape);
        int[] from = places(shape, count, header.group(2).equals("True"));
        return switch (header.group(1)) {
            case "<f8" -> {
                ByteBuffer bytes = bytes(in, 8 * count);
                double[] data = new double[count];
                for (int i = 0; i < count; i++) data[i] = bytes.getDouble(8 * from[i]);
                yield new Npy(shape, data);
            }
            case "<f4" -> {
                ByteBuffer bytes = bytes(in, 4 * count);
                float[] data = new float[count];
                for (int i = 0; i < count; i++) data[i] = bytes.getFloat(4 * from[i]);
                yield new Npy(shape, data);
            }
            case "<i4" -> {
                ByteBuffer bytes = bytes(in, 4 * count);
                int[] data = new int[count];
                for (int i = 0; i < count; i++) data[i] = bytes.getInt(4 * from[i]);
                yield new Npy(shape, data);
            }
            case "|u1" -> {
                ByteBuffer bytes = bytes(in, count);
                byte[] data = new byte[count];
                for (int i = 0; i < count; i++) data[i] = bytes.get(from[i]);
                yield new Npy(shape, data);
            }
            default -> throw new IOException("expected dtype <f8, <f4, <i4 or |u1, came " + header.group(1));
        };
    }

    private static int size(int[] shape) {
        return IntStream.of(shape).reduce(1, Math::multiplyExact);
    }

    private static ByteBuffer bytes(DataInputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) throw new EOFException("stdin ended inside an array");
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Of each element, row by row, where it is in what came. */
    private static int[] places(int[] shape, int count, boolean byColumns) {
        int[] places = IntStream.range(0, count).toArray();
        if (!byColumns) return places;
        int[] index = new int[shape.length];
        for (int to = 0; to < count; to++) {
            places[to] = 0;
            for (int axis = shape.length - 1; axis >= 0; axis--) places[to] = places[to] * shape[axis] + index[axis];
            for (int axis = shape.length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) index[axis] = 0;
        }
        return places;
    }

    /** All of a reply, so that nothing of it is written if an array cannot travel. */
    static byte[] encode(String word, Map<String, String> fields, Map<String, Npy> arrays) {
        StringBuilder line = new StringBuilder(word);
        fields.forEach((key, value) -> line.append(' ').append(key).append('=').append(quote(value)));
        if (!arrays.isEmpty()) line.append(" arrays=").append(String.join(",", arrays.keySet()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
        arrays.forEach((name, array) -> write(bytes, name, array));
        return bytes.toByteArray();
    }

    private static void write(ByteArrayOutputStream bytes, String name, Npy array) {
        int count = size(array.shape());
        String sizes = String.join(", ", IntStream.of(array.shape()).mapToObj(String::valueOf).toList());
        String tuple = "(" + sizes + (array.shape().length == 1 ? ",)" : ")");
        int came = array.data() != null && array.data().getClass().isArray() ? Array.getLength(array.data()) : -1;
        if (came != count) {
            String what = name + " to have " + count + " elements, as its shape is " + tuple;
            throw new IllegalArgumentException("expected " + what + ", came " + (came < 0 ? "none" : came));
        }
        ByteBuffer data = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        String descr;
        if (array.data() instanceof double[] values) {
            descr = "<f8";
            for (double value : values) data.putDouble(value);
        } else if (array.data() instanceof float[] values) {
            descr = "<f4";
            for (float value : values) data.putFloat(value);
        } else if (array.data() instanceof int[] values) {
            descr = "<i4";
            for (int value : values) data.putInt(value);
        } else if (array.data() instanceof byte[] values) {
            descr = "|u1";
            data.put(values);
        } else {
            String type = array.data().getClass().getSimpleName();
            throw new IllegalArgumentException("expected " + name + " to be of numbers, came " + type);
        }
        String text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + tuple + ", }";
        int length = (text.length() + 1 + 10 + 63) / 64 * 64 - 10;
        String begin = "\u0093NUMPY\u0001\u0000" + (char) (length % 256) + (char) (length / 256);
        bytes.writeBytes((begin + text + " ".repeat(length - 1 - text.length()) + "\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        bytes.write(data.array(), 0, data.position());
    }

    private static String quote(String value) {
        StringBuilder text = new StringBuilder();
        for (byte c : value.getBytes(StandardCharsets.UTF_8)) {
            text.append(c > ' ' && c < 127 && c != '%' ? String.valueOf((char) c) : String.format("%%%02X", c));
        }
        return text.toString();
    }
}
