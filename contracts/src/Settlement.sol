// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Pays creators what the ledger owes them, each settlement once
/// @notice Holds a small float of one token, which anybody may add to by an ordinary transfer. Whoever steals the key that settles
/// gets at most the day's cap; whoever steals the key that pauses can only stop; neither reaches what is owed to a refused payee.
/// @dev Immutable: no proxy, takes no ether. Amounts are in the token's smallest unit.
contract Settlement is AccessControlDefaultAdminRules, Pausable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Payout {
        /// Of the ledger, see `idOf`. Settled once, for ever.
        bytes32 id;
        address to;
        uint256 amount;
    }

    /// Settles. A hot key.
    bytes32 public constant SETTLER_ROLE = keccak256("SETTLER_ROLE");
    /// Stops settling; only the admin lets it go on.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    /// One batch stays far below the gas that one transaction may use (EIP-7825).
    uint256 public constant BATCH_MAX = 100;

    uint256 private constant QUARTER = 6 hours;
    uint256 private constant QUARTER_BITS = 48;

    IERC20 public immutable TOKEN;

    // First of all, so that they share a slot with whether we are paused. A cap of 2^48 units is 281 million USDC.
    uint48 public batchCap;
    uint48 public dayCap;
    uint48 private _lastQuarter;
    /// The sum of `owed`. So much of the balance is not ours.
    uint96 public totalOwed;
    /// What was settled in that quarter of a day, in the lowest 48 bits, and in the four before it, above: five hold every 24 hours.
    uint240 private _window;

    /// What was settled under an id, paid or credited; zero if nothing was.
    mapping(bytes32 id => uint256 amount) public settled;
    /// What a payee's wallet was refused; he takes it with `withdraw`.
    mapping(address payee => uint256 amount) public owed;

    event Settled(bytes32 indexed id, address indexed creator, uint256 amount, bool credited);
    event OwedWithdrawn(address indexed payee, address indexed to, uint256 amount);
    event FloatWithdrawn(address indexed to, uint256 amount);
    event CapsChanged(uint48 batchCap, uint48 dayCap);

    error RolesNotSeparate();
    error NotAToken(address token);
    error BatchSize(uint256 size);
    error BadPayout(bytes32 id);
    error AlreadySettled(bytes32 id);
    error BatchCapExceeded(uint256 total, uint256 cap);
    error DayCapExceeded(uint256 total, uint256 left);
    error FloatTooSmall(uint256 wanted, uint256 available);
    error MoreTakenThanSent(uint256 sent, uint256 taken);
    error BadRecipient(address to);
    error NothingOwed();

    /// @param admin Holds the float's other end: tops up, takes back, changes caps, gives and takes roles, lets go on after a pause.
    /// Meant to be a multisig; handed over in two steps, `adminDelay` seconds apart.
    constructor(
        IERC20 token,
        address admin,
        address settler,
        address pauser,
        uint48 batchCap_,
        uint48 dayCap_,
        uint48 adminDelay
    ) AccessControlDefaultAdminRules(adminDelay, admin) {
        if (address(token).code.length == 0) revert NotAToken(address(token));
        bool isSeparate = settler != pauser && settler != admin && pauser != admin;
        if (!isSeparate || settler == address(0) || pauser == address(0)) revert RolesNotSeparate();
        TOKEN = token;
        _grantRole(SETTLER_ROLE, settler);
        _grantRole(PAUSER_ROLE, pauser);
        _setCaps(batchCap_, dayCap_);
    }

    /// @notice Settles all payouts or none. A payee whom the token refuses is credited and does not keep the others waiting.
    /// @dev A known id is a replay or a race somewhere above us: it reverts the batch, it is not skipped.
    /// @return credited How much of the batch was credited, so that whoever simulates it first sees refusals coming.
    function settle(Payout[] calldata payouts)
        external
        onlyRole(SETTLER_ROLE)
        whenNotPaused
        nonReentrant
        returns (uint256 credited)
    {
        uint256 count = payouts.length;
        if (count == 0 || count > BATCH_MAX) revert BatchSize(count);
        uint256 total;
        for (uint256 i; i < count; ++i) {
            Payout calldata payout = payouts[i];
            if (payout.amount == 0 || !_canReceive(payout.to)) revert BadPayout(payout.id);
            if (settled[payout.id] != 0) revert AlreadySettled(payout.id);
            settled[payout.id] = payout.amount;
            total += payout.amount;
        }
        _spend(total);
        uint256 before = TOKEN.balanceOf(address(this));
        // Checked first, so that a transfer fails for the payee's sake only and never for want of money.
        if (total > before - totalOwed) revert FloatTooSmall(total, before - totalOwed);

        for (uint256 i; i < count; ++i) {
            Payout calldata payout = payouts[i];
            bool isPaid = TOKEN.trySafeTransfer(payout.to, payout.amount);
            if (!isPaid) {
                owed[payout.to] += payout.amount;
                credited += payout.amount;
            }
            emit Settled(payout.id, payout.to, payout.amount, !isPaid);
        }
        // casting to 'uint96' is safe because a batch is below its cap, of 48 bits
        // forge-lint: disable-next-line(unsafe-typecast)
        if (credited != 0) totalOwed += uint96(credited);
        _checkTaken(before, total - credited);
    }

    /// @notice Takes what the token refused the caller, to a wallet that it does not refuse. Not stopped by a pause.
    function withdraw(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed();
        if (!_canReceive(to)) revert BadRecipient(to);
        owed[msg.sender] = 0;
        // casting to 'uint96' is safe because what one is owed is a part of the total, which has 96 bits
        // forge-lint: disable-next-line(unsafe-typecast)
        totalOwed -= uint96(amount);
        emit OwedWithdrawn(msg.sender, to, amount);
        _send(to, amount);
    }

    /// @notice Takes from the float, never from what is owed to payees.
    function withdrawFloat(address to, uint256 amount) external onlyRole(DEFAULT_ADMIN_ROLE) nonReentrant {
        if (!_canReceive(to)) revert BadRecipient(to);
        uint256 available = TOKEN.balanceOf(address(this)) - totalOwed;
        if (amount > available) revert FloatTooSmall(amount, available);
        emit FloatWithdrawn(to, amount);
        _send(to, amount);
    }

    /// @notice Changes how much one batch may be, and all batches of any 24 hours. What was spent before still counts.
    function setCaps(uint48 batchCap_, uint48 dayCap_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setCaps(batchCap_, dayCap_);
    }

    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    /// @notice What the day's cap still allows at this moment.
    function dayLeft() external view returns (uint256) {
        uint256 spent = _sum(_windowNow());
        return spent < dayCap ? dayCap - spent : 0;
    }

    /// @notice The id under which a settlement of the ledger is settled: on this chain, by this contract, and nowhere else.
    function idOf(bytes16 ledgerId) external view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), ledgerId));
    }

    /// @dev In any 24 hours at most `dayCap`. Quarters are forgotten whole, so what was spent counts for 24 to 30 hours.
    function _spend(uint256 total) private {
        if (total > batchCap) revert BatchCapExceeded(total, batchCap);
        uint240 window = _windowNow();
        uint256 spent = _sum(window);
        if (spent + total > dayCap) revert DayCapExceeded(total, spent < dayCap ? dayCap - spent : 0);
        // casting to 'uint240' is safe because the lowest 48 bits hold the sum: the day's cap, as was just seen, has no more
        // forge-lint: disable-next-line(unsafe-typecast)
        _window = window + uint240(total);
        // casting to 'uint48' is safe because it counts quarters of a day since 1970
        // forge-lint: disable-next-line(unsafe-typecast)
        _lastQuarter = uint48(block.timestamp / QUARTER);
    }

    /// @dev The quarters as of now: those that are over have moved up, and the oldest fell off the end.
    function _windowNow() private view returns (uint240) {
        uint256 passed = block.timestamp / QUARTER - _lastQuarter;
        // casting to 'uint240' is meant: it cuts off what has moved beyond the fifth quarter
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint240(uint256(_window) << (QUARTER_BITS * passed));
    }

    function _sum(uint240 window) private pure returns (uint256 sum) {
        for (; window != 0; window >>= QUARTER_BITS) {
            // casting to 'uint48' is meant: it takes one quarter
            // forge-lint: disable-next-line(unsafe-typecast)
            sum += uint48(window);
        }
    }

    function _setCaps(uint48 batchCap_, uint48 dayCap_) private {
        batchCap = batchCap_;
        dayCap = dayCap_;
        emit CapsChanged(batchCap_, dayCap_);
    }

    function _send(address to, uint256 amount) private {
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransfer(to, amount);
        _checkTaken(before, amount);
    }

    /// @dev A token that takes a fee on top would eat what is owed to payees.
    function _checkTaken(uint256 before, uint256 sent) private view {
        uint256 left = TOKEN.balanceOf(address(this));
        if (left + sent < before) revert MoreTakenThanSent(sent, before - left);
    }

    /// @dev What is sent to nobody, to us or to the token itself is lost to the payee.
    function _canReceive(address to) private view returns (bool) {
        return to != address(0) && to != address(this) && to != address(TOKEN);
    }
}
