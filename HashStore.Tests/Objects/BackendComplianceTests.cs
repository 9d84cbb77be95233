using System.Reflection;
using HashStore.Storage;
using HashStore.Storage.Objects;
using Xunit;

namespace HashStore.Tests.Objects;

public sealed class BackendComplianceTests
{
    /// <summary>Backends that wrap another one (retries, limits, measurements) pass everything on; each would be
    /// named here with the test that shows it.</summary>
    private static readonly HashSet<Type> excused = [];

    [Fact]
    public void Every_backend_has_a_class_that_runs_the_contract_over_it()
    {
        var backends = typeof(Store).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsInterface: false } && typeof(IObjectBackend).IsAssignableFrom(type))
            .ToList();
        Assert.NotEmpty(backends);
        var covered = Assembly.GetExecutingAssembly().GetTypes()
            .Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(ObjectBackendContract)))
            .Select(BackendOf)
            .ToHashSet();
        Assert.Empty(
            backends.Where(backend => !excused.Contains(backend) && !covered.Contains(backend))
            .Select(backend => $"{backend} has no class derived from ObjectBackendContract"));
    }

    private static Type BackendOf(Type contract)
    {
        using var tests = (ObjectBackendContract)Activator.CreateInstance(contract)!;
        var backend = contract.GetProperty("Backend", BindingFlags.Instance | BindingFlags.NonPublic)!;
        return backend.GetValue(tests)!.GetType();
    }
}
