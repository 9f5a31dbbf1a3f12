package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.vivarium.protocol.Execution;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PythonPoolTest {

    private static PythonPool pool;

    @BeforeAll
    static void start() {
        pool = PythonPool.start(Pythons.config("calls").build());
    }

    @AfterAll
    static void stop() {
        pool.close();
    }

    @Test
    void returnsWhatTheHandlerReturns() throws Exception {
        int sum = pool.call("add", Integer.class, 2, 3).await();

        assertThat(sum).isEqualTo(5);
    }

    @Test
    void convertsGenericResults() throws Exception {
        PythonCall<Map<String, List<Integer>>> call = PythonCall.to("echo")
                .keyword("numbers", List.of(1, 2))
                .returning(new TypeReference<Map<String, List<Integer>>>() {});

        assertThat(pool.call(call).await()).containsEntry("numbers", List.of(1, 2));
    }

    @Test
    void reportsAHandlersExceptionWithItsTracebackAndCause() {
        PendingCall<String> call = pool.call("fail", String.class, "no luck");

        assertThatThrownBy(call::await).isInstanceOfSatisfying(PythonException.class, error -> {
            assertThat(error.pythonType()).isEqualTo("ValueError");
            assertThat(error.pythonMessage()).isEqualTo("no luck");
            assertThat(error.execution()).isEqualTo(Execution.RAN);
            assertThat(error.getStackTrace()[0].getMethodName()).isEqualTo("fail");
            assertThat(error.details().causes())
                    .first()
                    .satisfies(cause -> assertThat(cause.type()).isEqualTo("KeyError"));
        });
    }
}
