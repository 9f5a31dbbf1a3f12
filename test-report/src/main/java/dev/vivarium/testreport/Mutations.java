package dev.vivarium.testreport;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** The mutants that tests detect, by module, as PIT counted them in {@code target/pit-reports/**}{@code /mutations.xml}. */
final class Mutations {

    private Mutations() {}

    /**
     * Returns the detected mutants of each module that has a report; where it has several, the last by name, which is the newest.
     *
     * @param since what was counted before this moment was counted of an earlier build
     */
    static Map<String, Share> read(Path root, Instant since) {
        Map<String, Share> modules = new TreeMap<>();
        for (Path module : Modules.of(root)) {
            List<Path> reports = Modules.files(
                    module.resolve("target/pit-reports"),
                    file -> file.getFileName().toString().equals("mutations.xml"));
            if (!reports.isEmpty()
                    && !TestResults.written(reports.get(reports.size() - 1)).isBefore(since)) {
                modules.put(Modules.name(module), count(reports.get(reports.size() - 1)));
            }
        }
        modules.values().removeIf(Share::empty);
        return modules;
    }

    private static Share count(Path file) {
        XMLInputFactory factory = XMLInputFactory.newFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        Share counted = Share.NONE;
        try (InputStream in = Files.newInputStream(file)) {
            XMLStreamReader xml = factory.createXMLStreamReader(in);
            while (xml.hasNext()) {
                if (xml.next() == XMLStreamConstants.START_ELEMENT
                        && xml.getLocalName().equals("mutation")) {
                    boolean detected = Boolean.parseBoolean(xml.getAttributeValue(null, "detected"));
                    counted = counted.plus(new Share(detected ? 1 : 0, 1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        } catch (XMLStreamException e) {
            throw new IllegalStateException(file + " is no report of PIT's: " + e.getMessage(), e);
        }
        return counted;
    }
}
