package dev.vivarium.internal.core;

import static dev.vivarium.internal.core.SlotSamples.CALL;
import static dev.vivarium.internal.core.SlotSamples.CORE;
import static dev.vivarium.internal.core.SlotSamples.EVENTS;
import static dev.vivarium.internal.core.SlotSamples.INC;
import static dev.vivarium.internal.core.SlotSamples.STATES;
import static dev.vivarium.internal.core.SlotSamples.describe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.TransitionCause;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The decisions of a worker slot: every state with every event. */
class SlotCoreTest {

    /** What follows, for each pair in which something follows: the next state, the cause of an end, the effects. */
    private static final String TABLE = """
            vacant        wanted        Starting    Moved Spawn StartTimer
            vacant        unwanted      Retired     Retire
            vacant        endNow        Retired     Retire
            backingOff    timerBACKOFF  Starting    Moved Spawn StartTimer
            backingOff    unwanted      Retired     StopTimer Retire
            backingOff    endNow        Retired     StopTimer Retire
            connecting    hello         Starting    StopTimer StartTimer Welcome
            connecting    refused       BackingOff  StopTimer StopTimer Moved Ended Release ScheduleRestart
            connecting    loaded        Ending      PROTOCOL_VIOLATION StopTimer StopTimer Kill StartTimer
            connecting    loadFailed    Ending      LOAD_FAILED StopTimer StopTimer StartTimer
            connecting    timerCONNECT  Ending      CONNECT_TIMEOUT StopTimer StopTimer Kill StartTimer
            connecting    timerLOAD     Ending      LOAD_TIMEOUT StopTimer StopTimer Kill StartTimer
            connecting    unwanted      Ending      RETIRED StopTimer StopTimer Kill StartTimer
            connecting    endNow        Ending      DRAINED StopTimer StopTimer Kill StartTimer
            connecting    violated      Ending      PROTOCOL_VIOLATION StopTimer StopTimer Kill StartTimer
            connecting    channelClosed Ending      - StopTimer StopTimer StartTimer
            connecting    outgrown      Ending      MEMORY_LIMIT StopTimer StopTimer Kill StartTimer
            loading       outgrown      Ending      MEMORY_LIMIT StopTimer StopTimer Kill StartTimer
            ready         outgrown      Ending      MEMORY_LIMIT StopTimer StopTimer Withdraw Kill StartTimer
            readyPinged   outgrown      Ending      MEMORY_LIMIT StopTimer StopTimer Withdraw Kill StartTimer
            busy          outgrown      Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            busyRetiring  outgrown      Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            overdue       outgrown      Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            timedOut      outgrown      Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            cancelled     outgrown      Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            stuck         outgrown      Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            leaving       outgrown      Ending      MEMORY_LIMIT Kill
            killed        outgrown      Ending      HUNG Kill
            retiring      outgrown      Ending      RETIRED Kill
            connecting    exited        BackingOff  StopTimer StopTimer Moved Ended Release ScheduleRestart
            connecting    guardianLost  Starting    StopTimer StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            loading       hello         Ending      PROTOCOL_VIOLATION StopTimer StopTimer Kill StartTimer
            loading       refused       BackingOff  StopTimer StopTimer Moved Ended Release ScheduleRestart
            loading       loaded        Ready       StopTimer StartTimer Offer Moved
            loading       loadFailed    Ending      LOAD_FAILED StopTimer StopTimer StartTimer
            loading       timerCONNECT  Ending      CONNECT_TIMEOUT StopTimer StopTimer Kill StartTimer
            loading       timerLOAD     Ending      LOAD_TIMEOUT StopTimer StopTimer Kill StartTimer
            loading       unwanted      Ending      RETIRED StopTimer StopTimer Kill StartTimer
            loading       endNow        Ending      DRAINED StopTimer StopTimer Kill StartTimer
            loading       violated      Ending      PROTOCOL_VIOLATION StopTimer StopTimer Kill StartTimer
            loading       channelClosed Ending      - StopTimer StopTimer StartTimer
            loading       exited        BackingOff  StopTimer StopTimer Moved Ended Release ScheduleRestart
            loading       guardianLost  Starting    StopTimer StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            ready         leased        Busy        StopTimer StopTimer Moved SendCall
            ready         timerHEALTH   Ready       SendPing StartTimer
            ready         unwanted      Ending      RETIRED StopTimer StopTimer Withdraw SendDrain StartTimer
            ready         endNow        Ending      DRAINED StopTimer StopTimer Withdraw Kill StartTimer
            ready         hello         Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            ready         loaded        Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            ready         loadFailed    Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            ready         answered      Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            ready         answeredOther Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            ready         violated      Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            ready         channelClosed Ending      - StopTimer StopTimer Withdraw StartTimer
            ready         exited        BackingOff  StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart
            ready         guardianLost  Starting    StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            readyPinged   leased        Busy        StopTimer StopTimer Moved SendCall
            readyPinged   timerHEALTH   Ready       SendPing StartTimer
            readyPinged   pong          Ready       StopTimer StartTimer
            readyPinged   timerPONG     Degraded    Withdraw Moved SendPing StartTimer
            readyPinged   unwanted      Ending      RETIRED StopTimer StopTimer Withdraw SendDrain StartTimer
            readyPinged   endNow        Ending      DRAINED StopTimer StopTimer Withdraw Kill StartTimer
            readyPinged   hello         Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            readyPinged   loaded        Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            readyPinged   loadFailed    Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            readyPinged   answered      Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            readyPinged   answeredOther Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            readyPinged   violated      Ending      PROTOCOL_VIOLATION StopTimer StopTimer Withdraw Kill StartTimer
            readyPinged   channelClosed Ending      - StopTimer StopTimer Withdraw StartTimer
            readyPinged   exited        BackingOff  StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart
            readyPinged   guardianLost  Starting    StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            busy          answered      Ready       StopTimer Moved StartTimer Offer
            busy          answeredOutlier Degraded  StopTimer Moved StartTimer
            busy          callOver      Busy        Climbed SendCancel StartTimer
            busy          deadline      Busy        Climbed ReadStacks StartTimer
            busy          unwanted      Busy        .
            busy          answeredOther Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busy          hello         Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busy          loaded        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busy          loadFailed    Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busy          violated      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busy          endNow        Ending      DRAINED StopTimer Kill StartTimer
            busy          channelClosed Ending      - StopTimer StartTimer
            busy          exited        BackingOff  StopTimer Moved Ended Release ScheduleRestart
            busy          guardianLost  Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            busyRetiring  answered      Ending      RETIRED StopTimer SendDrain StartTimer
            busyRetiring  callOver      Busy        Climbed SendCancel StartTimer
            busyRetiring  deadline      Busy        Climbed ReadStacks StartTimer
            busyRetiring  unwanted      Busy        .
            busyRetiring  answeredOther Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busyRetiring  hello         Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busyRetiring  loaded        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busyRetiring  loadFailed    Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busyRetiring  violated      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            busyRetiring  endNow        Ending      DRAINED StopTimer Kill StartTimer
            busyRetiring  channelClosed Ending      - StopTimer StartTimer
            busyRetiring  exited        Retired     StopTimer Moved Ended Release Retire
            busyRetiring  guardianLost  Retired     StopTimer Moved Ended Release Retire
            overdue       answered      Ready       StopTimer Moved StartTimer Offer
            overdue       answeredOutlier Degraded  StopTimer Moved StartTimer
            overdue       unwanted      Busy        .
            overdue       callOver      Busy        StopTimer Climbed SendCancel StartTimer
            overdue       stacksRead    Busy        StopTimer TimeOutCall Climbed SendCancel StartTimer
            overdue       timerSTACKS   Busy        StopTimer TimeOutCall Climbed SendCancel StartTimer
            overdue       answeredOther Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            overdue       hello         Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            overdue       loaded        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            overdue       loadFailed    Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            overdue       violated      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            overdue       endNow        Ending      DRAINED StopTimer Kill StartTimer
            overdue       channelClosed Ending      - StopTimer StartTimer
            overdue       exited        BackingOff  StopTimer Moved Ended Release ScheduleRestart
            overdue       guardianLost  Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            timedOut      answered      Ready       StopTimer Moved StartTimer Offer
            timedOut      answeredOutlier Degraded  StopTimer Moved StartTimer
            timedOut      unwanted      Busy        .
            timedOut      timerFENCE    Ending      HUNG StopTimer Climbed Terminate StartTimer
            timedOut      answeredOther Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            timedOut      hello         Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            timedOut      loaded        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            timedOut      loadFailed    Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            timedOut      violated      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            timedOut      endNow        Ending      DRAINED StopTimer Kill StartTimer
            timedOut      channelClosed Ending      - StopTimer StartTimer
            timedOut      exited        BackingOff  StopTimer Moved Ended Release ScheduleRestart
            timedOut      guardianLost  Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            cancelled     answered      Ready       StopTimer Moved StartTimer Offer
            cancelled     answeredOutlier Degraded  StopTimer Moved StartTimer
            cancelled     unwanted      Busy        .
            cancelled     timerFENCE    Busy        Climbed ReadStacks StartTimer
            cancelled     answeredOther Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            cancelled     hello         Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            cancelled     loaded        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            cancelled     loadFailed    Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            cancelled     violated      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            cancelled     endNow        Ending      DRAINED StopTimer Kill StartTimer
            cancelled     channelClosed Ending      - StopTimer StartTimer
            cancelled     exited        BackingOff  StopTimer Moved Ended Release ScheduleRestart
            cancelled     guardianLost  Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            stuck         answered      Ready       StopTimer Moved StartTimer Offer
            stuck         answeredOutlier Degraded  StopTimer Moved StartTimer
            stuck         unwanted      Busy        .
            stuck         stacksRead    Ending      HUNG StopTimer Climbed Terminate StartTimer
            stuck         timerSTACKS   Ending      HUNG StopTimer Climbed Terminate StartTimer
            stuck         timerFENCE    Ending      HUNG StopTimer Climbed Terminate StartTimer
            stuck         answeredOther Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            stuck         hello         Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            stuck         loaded        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            stuck         loadFailed    Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            stuck         violated      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            stuck         endNow        Ending      DRAINED StopTimer Kill StartTimer
            stuck         channelClosed Ending      - StopTimer StartTimer
            stuck         exited        BackingOff  StopTimer Moved Ended Release ScheduleRestart
            stuck         guardianLost  Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            sick            pong            Degraded    StopTimer StartTimer OfferProbe
            sick            timerPONG       Degraded    SendPing StartTimer
            sick            timerPROBE      Degraded    SendPing StartTimer
            sick            timerEJECTION   Degraded    SendPing StartTimer
            sick            unwanted        Ending      RETIRED StopTimer StopTimer StopTimer Kill StartTimer
            sick            endNow          Ending      DRAINED StopTimer StopTimer StopTimer Kill StartTimer
            sick            hello           Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sick            loaded          Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sick            loadFailed      Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sick            answered        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sick            answeredOther   Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sick            violated        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sick            outgrown        Ending      MEMORY_LIMIT StopTimer StopTimer StopTimer Kill StartTimer
            sick            channelClosed   Ending      - StopTimer StopTimer StopTimer StartTimer
            sick            exited          BackingOff  StopTimer StopTimer StopTimer Moved Ended Release ScheduleRestart
            sick            guardianLost    Starting    StopTimer StopTimer StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            sickTwice       pong            Degraded    StopTimer StartTimer OfferProbe
            sickTwice       timerPONG       Ending      UNHEALTHY Kill StartTimer
            sickTwice       timerPROBE      Degraded    SendPing StartTimer
            sickTwice       timerEJECTION   Degraded    SendPing StartTimer
            sickTwice       unwanted        Ending      RETIRED StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       endNow          Ending      DRAINED StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       hello           Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       loaded          Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       loadFailed      Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       answered        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       answeredOther   Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       violated        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       outgrown        Ending      MEMORY_LIMIT StopTimer StopTimer StopTimer Kill StartTimer
            sickTwice       channelClosed   Ending      - StopTimer StopTimer StopTimer StartTimer
            sickTwice       exited          BackingOff  StopTimer StopTimer StopTimer Moved Ended Release ScheduleRestart
            sickTwice       guardianLost    Starting    StopTimer StopTimer StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            sickPassed      leased          Busy        StopTimer StopTimer SendCall
            sickPassed      timerPROBE      Degraded    SendPing StartTimer
            sickPassed      timerEJECTION   Degraded    SendPing StartTimer
            sickPassed      unwanted        Ending      RETIRED StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      endNow          Ending      DRAINED StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      hello           Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      loaded          Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      loadFailed      Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      answered        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      answeredOther   Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      violated        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      outgrown        Ending      MEMORY_LIMIT StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassed      channelClosed   Ending      - StopTimer StopTimer StopTimer Withdraw StartTimer
            sickPassed      exited          BackingOff  StopTimer StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart
            sickPassed      guardianLost    Starting    StopTimer StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            sickPassedTwice leased          Busy        StopTimer StopTimer SendCall
            sickPassedTwice pong            Ready       StopTimer Moved StartTimer Offer
            sickPassedTwice timerPONG       Degraded    Withdraw SendPing StartTimer
            sickPassedTwice timerPROBE      Degraded    SendPing StartTimer
            sickPassedTwice timerEJECTION   Degraded    SendPing StartTimer
            sickPassedTwice unwanted        Ending      RETIRED StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice endNow          Ending      DRAINED StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice hello           Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice loaded          Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice loadFailed      Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice answered        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice answeredOther   Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice violated        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice outgrown        Ending      MEMORY_LIMIT StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            sickPassedTwice channelClosed   Ending      - StopTimer StopTimer StopTimer Withdraw StartTimer
            sickPassedTwice exited          BackingOff  StopTimer StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart
            sickPassedTwice guardianLost    Starting    StopTimer StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            ejected         timerPROBE      Degraded    OfferProbe SendPing StartTimer
            ejected         timerEJECTION   Degraded    OfferProbe SendPing StartTimer
            ejected         unwanted        Ending      RETIRED StopTimer StopTimer StopTimer Kill StartTimer
            ejected         endNow          Ending      DRAINED StopTimer StopTimer StopTimer Kill StartTimer
            ejected         hello           Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            ejected         loaded          Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            ejected         loadFailed      Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            ejected         answered        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            ejected         answeredOther   Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            ejected         violated        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Kill StartTimer
            ejected         outgrown        Ending      MEMORY_LIMIT StopTimer StopTimer StopTimer Kill StartTimer
            ejected         channelClosed   Ending      - StopTimer StopTimer StopTimer StartTimer
            ejected         exited          BackingOff  StopTimer StopTimer StopTimer Moved Ended Release ScheduleRestart
            ejected         guardianLost    Starting    StopTimer StopTimer StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            outlierTried    leased          Busy        StopTimer StopTimer SendCall
            outlierTried    pong            Degraded    StopTimer StartTimer
            outlierTried    timerPONG       Ending      UNHEALTHY Withdraw Kill StartTimer
            outlierTried    timerPROBE      Degraded    SendPing StartTimer
            outlierTried    timerEJECTION   Degraded    SendPing StartTimer
            outlierTried    unwanted        Ending      RETIRED StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    endNow          Ending      DRAINED StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    hello           Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    loaded          Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    loadFailed      Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    answered        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    answeredOther   Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    violated        Ending      PROTOCOL_VIOLATION StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    outgrown        Ending      MEMORY_LIMIT StopTimer StopTimer StopTimer Withdraw Kill StartTimer
            outlierTried    channelClosed   Ending      - StopTimer StopTimer StopTimer Withdraw StartTimer
            outlierTried    exited          BackingOff  StopTimer StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart
            outlierTried    guardianLost    Starting    StopTimer StopTimer StopTimer Withdraw Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            probing         answered        Degraded    StopTimer StartTimer
            probing         answeredAlike   Ready       StopTimer Moved StartTimer Offer
            probing         callOver        Busy        Climbed SendCancel StartTimer
            probing         deadline        Busy        Climbed ReadStacks StartTimer
            probing         unwanted        Busy        .
            probing         answeredOther   Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probing         hello           Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probing         loaded          Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probing         loadFailed      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probing         violated        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probing         outgrown        Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            probing         endNow          Ending      DRAINED StopTimer Kill StartTimer
            probing         channelClosed   Ending      - StopTimer StartTimer
            probing         exited          BackingOff  StopTimer Moved Ended Release ScheduleRestart
            probing         guardianLost    Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            probingLast     answered        Degraded    StopTimer StartTimer
            probingLast     answeredSound   Ready       StopTimer Moved StartTimer Offer
            probingLast     answeredAlike   Ready       StopTimer Moved StartTimer Offer
            probingLast     answeredOutlier Ending      UNHEALTHY StopTimer Kill StartTimer
            probingLast     callOver        Busy        Climbed SendCancel StartTimer
            probingLast     deadline        Busy        Climbed ReadStacks StartTimer
            probingLast     unwanted        Busy        .
            probingLast     answeredOther   Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingLast     hello           Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingLast     loaded          Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingLast     loadFailed      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingLast     violated        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingLast     outgrown        Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            probingLast     endNow          Ending      DRAINED StopTimer Kill StartTimer
            probingLast     channelClosed   Ending      - StopTimer StartTimer
            probingLast     exited          BackingOff  StopTimer Moved Ended Release ScheduleRestart
            probingLast     guardianLost    Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            probingSick     answered        Degraded    StopTimer StartTimer
            probingSick     answeredSound   Ready       StopTimer Moved StartTimer Offer
            probingSick     answeredRaised  Ready       StopTimer Moved StartTimer Offer
            probingSick     answeredAlike   Ready       StopTimer Moved StartTimer Offer
            probingSick     callOver        Busy        Climbed SendCancel StartTimer
            probingSick     deadline        Busy        Climbed ReadStacks StartTimer
            probingSick     unwanted        Busy        .
            probingSick     answeredOther   Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingSick     hello           Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingSick     loaded          Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingSick     loadFailed      Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingSick     violated        Ending      PROTOCOL_VIOLATION StopTimer Kill StartTimer
            probingSick     outgrown        Ending      MEMORY_LIMIT StopTimer Kill StartTimer
            probingSick     endNow          Ending      DRAINED StopTimer Kill StartTimer
            probingSick     channelClosed   Ending      - StopTimer StartTimer
            probingSick     exited          BackingOff  StopTimer Moved Ended Release ScheduleRestart
            probingSick     guardianLost    Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            leaving       exited        BackingOff  StopTimer Moved Ended Release ScheduleRestart
            leaving       refused       BackingOff  StopTimer Moved Ended Release ScheduleRestart
            leaving       guardianLost  Starting    StopTimer Moved Ended Release ScheduleRestart Moved Spawn StartTimer
            leaving       unwanted      Ending      - .
            leaving       endNow        Ending      DRAINED Kill StartTimer
            leaving       timerEXIT     Ending      PROTOCOL_VIOLATION Kill StartTimer
            leaving       loadFailed    Ending      LOAD_FAILED .
            leaving       violated      Ending      PROTOCOL_VIOLATION Kill StartTimer
            leaving       answered      Ending      - .
            killed        exited        BackingOff  StopTimer StopTimer Moved Ended Release ScheduleRestart
            killed        refused       BackingOff  StopTimer StopTimer Moved Ended Release ScheduleRestart
            killed        guardianLost  BackingOff  StopTimer StopTimer Moved Ended Release ScheduleRestart
            killed        unwanted      Ending      HUNG .
            killed        endNow        Ending      HUNG Kill StartTimer
            killed        timerTERMINATE Ending     HUNG Climbed Kill StartTimer
            killed        timerEXIT     Ending      HUNG Kill StartTimer
            killed        answered      Ending      HUNG .
            retiring      exited        Retired     StopTimer Moved Ended Release Retire
            retiring      refused       Retired     StopTimer Moved Ended Release Retire
            retiring      guardianLost  Retired     StopTimer Moved Ended Release Retire
            retiring      endNow        Ending      RETIRED Kill StartTimer
            retiring      timerEXIT     Ending      RETIRED Kill StartTimer
            """;

    private static final Map<String, String> EXPECTED = TABLE.lines()
            .collect(Collectors.toMap(
                    line -> line.replaceAll("^(\\S+)\\s+(\\S+)\\s+.*", "$1 $2"),
                    line -> line.replaceAll("^\\S+\\s+\\S+\\s+(\\S+)\\s+(.*)", "$1 $2")));

    static Stream<Arguments> pairs() {
        return STATES.keySet().stream()
                .flatMap(state -> EVENTS.keySet().stream().map(event -> Arguments.of(state, event)));
    }

    @ParameterizedTest(name = "{0} x {1}")
    @MethodSource("pairs")
    void everyStateAnswersEveryEvent(String stateName, String eventName) {
        SlotState state = STATES.get(stateName);
        SlotEvent event = EVENTS.get(eventName);

        SlotCore.Step step = CORE.on(state, event, 1);

        String expected = EXPECTED.get(stateName + " " + eventName);
        if (expected == null && event instanceof SlotEvent.Answered answered && answered.callId() == CALL) {
            expected = EXPECTED.get(stateName + " answered"); // Rows are given for the verdicts that make a difference.
        }
        if (expected == null && event instanceof SlotEvent.Leased) {
            assertThat(step).isEqualTo(new SlotCore.Step(state, List.of(new SlotEffect.RefuseLease(CALL))));
        } else if (expected == null) {
            assertThat(step).isEqualTo(new SlotCore.Step(state, List.of()));
        } else {
            assertThat(describe(step)).isEqualTo(expected);
        }
    }

    @Test
    void theTableHasNoRowThatNothingTests() {
        Set<String> tested = pairs().map(p -> p.get()[0] + " " + p.get()[1]).collect(Collectors.toSet());

        assertThat(tested).hasSize(STATES.size() * EVENTS.size()).containsAll(EXPECTED.keySet());
    }

    @ParameterizedTest(name = "{0} x {1}")
    @MethodSource("pairs")
    void aStaleIncarnationChangesNothing(String stateName, String eventName) {
        SlotState state = STATES.get(stateName);
        SlotEvent event = EVENTS.get(eventName);
        if (!(event instanceof SlotEvent.OfIncarnation)) {
            return;
        }
        SlotEvent stale = stale(event);

        SlotCore.Step step = CORE.on(state, stale, 1);

        assertThat(step.state()).isEqualTo(state);
        assertThat(step.effects())
                .isEqualTo(stale instanceof SlotEvent.Leased ? List.of(new SlotEffect.RefuseLease(CALL)) : List.of());
    }

    private static SlotEvent stale(SlotEvent event) {
        int old = INC - 1;
        if (event instanceof SlotEvent.TimerFired fired) {
            return new SlotEvent.TimerFired(old, fired.timer());
        }
        if (event instanceof SlotEvent.Leased) {
            return new SlotEvent.Leased(old, CALL);
        }
        if (event instanceof SlotEvent.Answered answered) {
            return new SlotEvent.Answered(old, answered.callId());
        }
        if (event instanceof SlotEvent.CallOver) {
            return new SlotEvent.CallOver(old, CALL);
        }
        if (event instanceof SlotEvent.DeadlinePassed passed) {
            return new SlotEvent.DeadlinePassed(old, passed.callId());
        }
        if (event instanceof SlotEvent.Exited) {
            return new SlotEvent.Exited(old, TransitionCause.CRASHED);
        }
        return Map.<Class<?>, SlotEvent>of(
                        SlotEvent.SpawnRefused.class, new SlotEvent.SpawnRefused(old),
                        SlotEvent.Hello.class, new SlotEvent.Hello(old),
                        SlotEvent.Loaded.class, new SlotEvent.Loaded(old),
                        SlotEvent.LoadFailed.class, new SlotEvent.LoadFailed(old),
                        SlotEvent.StacksRead.class, new SlotEvent.StacksRead(old),
                        SlotEvent.Pong.class, new SlotEvent.Pong(old),
                        SlotEvent.Violated.class, new SlotEvent.Violated(old),
                        SlotEvent.ChannelClosed.class, new SlotEvent.ChannelClosed(old),
                        SlotEvent.Outgrown.class, new SlotEvent.Outgrown(old),
                        SlotEvent.GuardianLost.class, new SlotEvent.GuardianLost(old))
                .get(event.getClass());
    }
}
