using Xunit;

namespace HashStore.Tests.Support;

/// <summary>
/// What a test needs of the machine: <c>root</c>, <c>env:NAME</c>, or a program on the path. A test whose needs are not met is skipped with
/// that as its reason; where
/// <c>HASHSTORE_TEST_REQUIRE=all</c> is set it runs, and so fails.
/// </summary>
internal static class Needs
{
    private const string EnvironmentPrefix = "env:";

    /// <summary>Why the test cannot run here; null when it can, or must.</summary>
    internal static string? ReasonToSkip(IEnumerable<string> needs) =>
        Environment.GetEnvironmentVariable("HASHSTORE_TEST_REQUIRE") == "all" ? null : needs.Select(Missing).FirstOrDefault(missing => missing is not null);

    internal static string? Missing(string need)
    {
        if (need == "root")
        {
            return Environment.IsPrivilegedProcess ? null : "Needs root privilege.";
        }

        if (need.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
        {
            var variable = need[EnvironmentPrefix.Length..];
            return string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable)) ? $"Needs the environment variable {variable}." : null;
        }

        return IsOnPath(need) ? null : $"Needs the program {need}.";
    }

    /// <summary>System programs are looked for in sbin too: an ordinary user's path often lacks it.</summary>
    private static bool IsOnPath(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/sbin:/usr/sbin:/sbin"
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}

/// <summary>A fact that is skipped, with the reason, where the machine lacks something; see <see cref="Needs"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(params string[] needs)
    {
        ArgumentNullException.ThrowIfNull(needs);
        NeedsOf = needs;
        Skip = Needs.ReasonToSkip(needs);
    }

    public IReadOnlyList<string> NeedsOf { get; }
}

/// <summary>A theory that is skipped, with the reason, where the machine lacks something; see <see cref="Needs"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(params string[] needs)
    {
        ArgumentNullException.ThrowIfNull(needs);
        NeedsOf = needs;
        Skip = Needs.ReasonToSkip(needs);
    }

    public IReadOnlyList<string> NeedsOf { get; }
}
