# For the commands in this folder that run from the tests of a module, pool-tests unless PROOF_MODULE says another: builds what
# they need, and runs a class of it.
#
#   run_proof NAME CLASS [ARGUMENT...]
run_proof() {
  local name=$1 class=$2 module=${PROOF_MODULE:-pool-tests} root target stamp begun java=java
  shift 2
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  target="$root/$module/target"
  stamp="$target/storm.stamp"
  [ -n "${JAVA_HOME:-}" ] && java="$JAVA_HOME/bin/java"

  if [ ! -f "$stamp" ] || [ ! -f "$target/storm-classpath" ] || [ -n "$(find "$root/pom.xml" "$root/python/src" \
      "$root"/{worker-protocol,supervisor,testkit,testkit-junit5,bench,"$module"}/{pom.xml,src} \
      -newer "$stamp" -not -name '*.pyc' -not -name '__pycache__' -print -quit 2>/dev/null)" ]; then
    echo "$name: building (first use, or the sources have changed) ..." >&2
    mkdir -p "$target"
    begun=$(mktemp "$target/storm.begun.XXXXXX")
    rm -f "$stamp"
    if ! (cd "$root" && mvn -B -q -Dquick -Dmaven.test.skip=false -DskipTests -pl "$module" -am test-compile \
        dependency:build-classpath -Dmdep.outputFile="$target/storm-classpath" -Dmdep.includeScope=test) \
        >"$target/storm-build.log" 2>&1 </dev/null; then
      rm -f "$begun"
      tail -n 30 "$target/storm-build.log" >&2
      echo "$name: the build failed; the whole log is $target/storm-build.log" >&2
      exit 70
    fi
    mv "$begun" "$stamp"
  fi

  # Two common-pool threads, as for the command line: a small machine must not start a thread for every callback.
  exec "$java" -Xmx1g -Djava.util.concurrent.ForkJoinPool.common.parallelism=2 \
    -XX:+IgnoreUnrecognizedVMOptions --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED \
    -Dvivarium.root="$root" -cp "$target/test-classes:$target/classes:$(cat "$target/storm-classpath")" "$class" "$@"
}
