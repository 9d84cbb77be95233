using System.Diagnostics;
using Xunit;

namespace HashStore.Tests.Support;

/// <summary>
/// What a test needs of the machine: <c>root</c>, <c>env:NAME</c>, <c>file:PATH</c>, <c>php:MODULE</c>, <c>mediawiki</c> for all that a wiki with either database
/// needs, or a program on the path. A test whose needs are not met is skipped with that as its reason; where
/// <c>HASHSTORE_TEST_REQUIRE=all</c> is set it runs, and so fails.
/// </summary>
internal static class Needs
{
    /// <summary>All that a MediaWiki needs.</summary>
    internal const string MediaWiki = "mediawiki";

    private const string EnvironmentPrefix = "env:", FilePrefix = "file:", PhpPrefix = "php:";

    private static readonly string[] ofMediaWiki =
    [
        "file:/usr/share/mediawiki/maintenance/install.php", "php", "php:gd", "php:intl", "php:mbstring", "php:mysqli", "php:pdo_sqlite", "php:xml",
        "file:/usr/bin/convert", "rsvg-convert", "mariadbd", "mariadb-install-db", "mariadb-dump", "setsid",
    ];

    private static readonly Lazy<IReadOnlySet<string>> phpModules = new(ReadPhpModules);

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

        if (need.StartsWith(FilePrefix, StringComparison.Ordinal))
        {
            var path = need[FilePrefix.Length..];
            return File.Exists(path) ? null : $"Needs the file {path}.";
        }

        if (need.StartsWith(PhpPrefix, StringComparison.Ordinal))
        {
            var module = need[PhpPrefix.Length..];
            return phpModules.Value.Contains(module) ? null : $"Needs PHP's module {module}.";
        }

        return need == MediaWiki ? ofMediaWiki.Select(Missing).FirstOrDefault(missing => missing is not null)
            : OnPath(need) is null ? $"Needs the program {need}." : null;
    }

    /// <summary>Where a program lies, or null. System programs are looked for in sbin too: an ordinary user's path often lacks it.</summary>
    internal static string? OnPath(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/sbin:/usr/sbin:/sbin"
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static HashSet<string> ReadPhpModules()
    {
        using var php = Process.Start(new ProcessStartInfo(OnPath("php")!, "-m") { RedirectStandardOutput = true })!;
        return [.. php.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries)];
    }
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
